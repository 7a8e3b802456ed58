{{ config(meta={'metric': {
    'id': 'U111_ABAND',
    'label': 'NHS 111 calls abandoned',
    'unit': 'percent',
    'better': 'lower',
    'aggregate': 'ratio',
    'dataset': 'iuc_adc',
    'headline': 'NHS 111',
    'definition': 'Of calls offered to NHS 111, the share in which the caller hung up after waiting 30 '
        ~ 'seconds or more.',
    'source': 'F 3.6 U111_ABAND',
    'choice': 'A caller who hangs up sooner counts as offered, and not as abandoned. '
        ~ said_of('call'),
}}) }}
-- One row per telephone call offered.
select
    offered_date as event_date,
    organisation_code,
    cast(null as varchar) as site_code,
    cast(null as boolean) as is_covid,
    case when is_abandoned_after_30s then 1 else 0 end as numerator,
    1 as denominator,
    {{ person_of_event() }}
from {{ ref('fct_urgent_call') }}
where channel = 'phone'
