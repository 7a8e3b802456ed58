{{ config(meta={'metric': {
    'id': 'HAND_30',
    'label': 'Ambulance handovers over 30 minutes',
    'unit': 'percent',
    'better': 'lower',
    'aggregate': 'ratio',
    'dataset': 'ambsys',
    'definition': 'Of the patients brought by ambulance, the share who waited more than 30 minutes for '
        ~ 'the hospital to take them over.',
    'source': 'F 3.3 HAND_30',
    'choice': said_of('handover'),
}}) }}
-- One row per ambulance arrival at an emergency department with a valid handover time.
select
    hospital_arrival_date as event_date,
    receiving_organisation_code as organisation_code,
    receiving_site_code as site_code,
    is_covid,
    case when handover_minutes > 30 then 1 else 0 end as numerator,
    1 as denominator,
    {{ person_of_event() }}
from {{ ref('fct_ambulance_incident') }}
where has_handover_time
