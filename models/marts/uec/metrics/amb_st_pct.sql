{{ config(meta={'metric': {
    'id': 'AMB_ST_PCT',
    'label': 'See and treat',
    'unit': 'percent',
    'better': 'higher',
    'aggregate': 'ratio',
    'dataset': 'ambsys',
    'definition': 'Of all 999 incidents that got a response or advice, the share in which a crew went '
        ~ 'out and nobody had to be taken anywhere.',
    'source': 'F 3.2 AMB_ST_PCT: A55 / A7',
    'no_target': 'About 30 percent nationally; no standard is set (F 3.2).',
    'choice': said_of('incident'),
}}) }}
-- One row per counted incident.
select
    call_date as event_date,
    organisation_code,
    cast(null as varchar) as site_code,
    is_covid,
    case when outcome = 'see_treat' then 1 else 0 end as numerator,
    1 as denominator,
    {{ person_of_event() }}
from {{ ref('fct_ambulance_incident') }}
where is_counted
