{{ config(meta={'metric': {
    'id': 'U111_60S',
    'label': 'NHS 111 calls answered within 60 seconds',
    'unit': 'percent',
    'better': 'higher',
    'aggregate': 'ratio',
    'dataset': 'iuc_adc',
    'definition': 'Of calls that NHS 111 answered, the share answered within 60 seconds.',
    'source': 'F 3.6 U111_60S',
    'choice': 'Exactly 60 seconds is within. An answer up to 60 seconds before the call was offered '
        ~ 'counts as 0 seconds, an earlier one is an error and left out. '
        ~ said_of('call'),
}}) }}
-- One row per telephone call answered, with a valid wait.
select
    offered_date as event_date,
    organisation_code,
    cast(null as varchar) as site_code,
    cast(null as boolean) as is_covid,
    case when answer_wait_seconds <= 60 then 1 else 0 end as numerator,
    1 as denominator,
    {{ person_of_event() }}
from {{ ref('fct_urgent_call') }}
where
    channel = 'phone'
    and is_answered
    and answer_wait_seconds is not null
