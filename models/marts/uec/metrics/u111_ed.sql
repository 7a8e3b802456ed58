{{ config(meta={'metric': {
    'id': 'U111_ED',
    'label': 'NHS 111 calls sent to an emergency department',
    'unit': 'percent',
    'better': 'neither',
    'aggregate': 'ratio',
    'dataset': 'iuc_adc',
    'definition': 'Of callers to NHS 111 who were triaged, the share who were told to go to an emergency '
        ~ 'department.',
    'source': 'F 3.6 U111_ED',
    'no_target': 'About 9 to 12 percent is usual; neither more nor less is better in itself (F 3.6).',
    'choice': 'By the disposition that the call ended with. '
        ~ said_of('triaged_call'),
}}) }}
-- One row per telephone call that was triaged.
select
    offered_date as event_date,
    organisation_code,
    cast(null as varchar) as site_code,
    cast(null as boolean) as is_covid,
    case when disposition_group = 'ed' then 1 else 0 end as numerator,
    1 as denominator,
    {{ person_of_event() }}
from {{ ref('fct_urgent_call') }}
where
    channel = 'phone'
    and is_triaged
