{{ config(meta={'metric': {
    'id': 'U111_ASA',
    'label': 'NHS 111 time to answer, mean',
    'unit': 'seconds',
    'better': 'lower',
    'aggregate': 'mean',
    'dataset': 'iuc_adc',
    'definition': 'How many seconds, on average, a caller to NHS 111 waits for an answer.',
    'source': 'F 3.6 U111_ASA',
    'choice': 'Answered calls only. An answer up to 60 seconds before the call was offered counts as 0 '
        ~ 'seconds, an earlier one is an error and left out. '
        ~ said_of('call'),
}}) }}
-- One row per telephone call answered, with a valid wait.
select
    offered_date as event_date,
    organisation_code,
    cast(null as varchar) as site_code,
    cast(null as boolean) as is_covid,
    answer_wait_seconds as numerator,
    1 as denominator,
    {{ person_of_event() }}
from {{ ref('fct_urgent_call') }}
where
    channel = 'phone'
    and is_answered
    and answer_wait_seconds is not null
