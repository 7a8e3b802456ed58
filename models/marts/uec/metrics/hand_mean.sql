{{ config(meta={'metric': {
    'id': 'HAND_MEAN',
    'label': 'Ambulance handover time, mean',
    'unit': 'minutes',
    'better': 'lower',
    'aggregate': 'mean',
    'dataset': 'ambsys',
    'headline': 'Ambulance',
    'definition': 'How long, on average, a patient brought by ambulance waits for the hospital to take '
        ~ 'over.',
    'source': 'F 3.3 HAND_MEAN',
    'choice': said_of('handover'),
}}) }}
-- One row per ambulance arrival at an emergency department with a valid handover time.
select
    hospital_arrival_date as event_date,
    receiving_organisation_code as organisation_code,
    receiving_site_code as site_code,
    is_covid,
    handover_minutes as numerator,
    1 as denominator,
    {{ person_of_event() }}
from {{ ref('fct_ambulance_incident') }}
where has_handover_time
