{{ config(meta={'metric': {
    'id': 'POC_WAIT_DAYS',
    'label': 'Wait so far for a package of care at home, median',
    'unit': 'days',
    'better': 'lower',
    'aggregate': 'median',
    'dataset': 'asc_brokerage',
    'category': 'Where they wait',
    'system': true,
    'definition': 'How many days those who wait for a package of care at home have waited so far: half of '
        ~ 'them longer, half shorter.',
    'source': 'F 3.5 POC_WAIT',
    'no_target': 'No standard is set; the trend is watched (F 3.5).',
    'choice': 'Days from the request to the Sunday, for each request that waits on it, as in POC_WAIT_N; '
        ~ 'nearest rank. In a longer period a request counts on every Sunday on which it waits. A request '
        ~ 'dated after the Sunday is left out. Not split by COVID-19.',
}}) }}
-- One row per request that waits and week.
select
    census_date as event_date,
    organisation_code,
    cast(null as varchar) as site_code,
    cast(null as boolean) as is_covid,
    location_code as category,
    wait_days as numerator,
    1 as denominator
from {{ ref('fct_care_package_census') }}
where wait_days >= 0
