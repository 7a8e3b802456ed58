{{ config(meta={'metric': {
    'id': 'AMB_HT_PCT',
    'label': 'Hear and treat',
    'unit': 'percent',
    'better': 'higher',
    'aggregate': 'ratio',
    'dataset': 'ambsys',
    'definition': 'Of all 999 incidents that got a response or advice, the share that was settled by '
        ~ 'advice over the telephone.',
    'source': 'F 3.2 AMB_HT_PCT: A17 / A7',
    'no_target': 'About 12 to 18 percent nationally; no standard is set (F 3.2).',
    'choice': said_of('incident'),
}}) }}
-- One row per counted incident.
select
    call_date as event_date,
    organisation_code,
    cast(null as varchar) as site_code,
    is_covid,
    case when outcome = 'hear_treat' then 1 else 0 end as numerator,
    1 as denominator,
    {{ person_of_event() }}
from {{ ref('fct_ambulance_incident') }}
where is_counted
