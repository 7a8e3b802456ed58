{{ config(meta={'metric': {
    'id': 'U111_AMB',
    'label': 'NHS 111 calls sent to an ambulance',
    'unit': 'percent',
    'better': 'neither',
    'aggregate': 'ratio',
    'dataset': 'iuc_adc',
    'definition': 'Of callers to NHS 111 who were triaged, the share for whom an ambulance was called.',
    'source': 'F 3.6 U111_AMB',
    'no_target': 'About 10 to 12 percent is usual; neither more nor less is better in itself (F 3.6).',
    'choice': 'By the disposition that the call ended with. '
        ~ said_of('triaged_call'),
}}) }}
-- One row per telephone call that was triaged.
select
    offered_date as event_date,
    organisation_code,
    cast(null as varchar) as site_code,
    cast(null as boolean) as is_covid,
    case when disposition_group = 'ambulance' then 1 else 0 end as numerator,
    1 as denominator,
    {{ person_of_event() }}
from {{ ref('fct_urgent_call') }}
where
    channel = 'phone'
    and is_triaged
