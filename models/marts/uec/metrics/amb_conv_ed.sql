{{ config(meta={'metric': {
    'id': 'AMB_CONV_ED',
    'label': 'Conveyed to an emergency department',
    'unit': 'percent',
    'better': 'lower',
    'aggregate': 'ratio',
    'dataset': 'ambsys',
    'definition': 'Of all 999 incidents that got a response or advice, the share in which the patient '
        ~ 'was taken to an emergency department.',
    'source': 'F 3.2 AMB_CONV_ED: A53 / A7',
    'no_target': 'England lies at about 50 to 52 percent; no standard is set (F 3.2).',
    'choice': said_of('incident'),
}}) }}
-- One row per counted incident.
select
    call_date as event_date,
    organisation_code,
    cast(null as varchar) as site_code,
    is_covid,
    case when is_conveyed_to_ed then 1 else 0 end as numerator,
    1 as denominator,
    {{ person_of_event() }}
from {{ ref('fct_ambulance_incident') }}
where is_counted
