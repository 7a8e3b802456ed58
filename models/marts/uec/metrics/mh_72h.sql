{{ config(meta={'metric': {
    'id': 'MH_72H',
    'label': 'Followed up within 72 hours of a mental-health bed',
    'unit': 'percent',
    'better': 'higher',
    'aggregate': 'ratio',
    'dataset': 'mhsds',
    'definition': 'Of adults who left an acute mental-health bed, the share who had care of a mental-health '
        ~ 'service on one of the three days after.',
    'source': 'F 3.10 MH_72H',
    'choice': 'An attended contact on day 1, 2 or 3 after the day of discharge, or another mental-health bed by '
        ~ 'then; a contact on the day itself is none. People who died by then or moved to another hospital are '
        ~ 'left out. Counted four days after discharge, so that the follow-up fits into what is told of the '
        ~ 'month. No split by COVID-19.',
}}) }}
-- One row per discharge that counts.
select
    counted_date as event_date,
    organisation_code,
    cast(null as varchar) as site_code,
    cast(null as boolean) as is_covid,
    case when is_followed_up then 1 else 0 end as numerator,
    1 as denominator,
    {{ person_of_event() }}
from {{ ref('fct_mental_health_follow_up') }}
where exclusion is null
