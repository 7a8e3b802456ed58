{{ config(meta={'metric': {
    'id': 'POC_WAIT_N',
    'label': 'Waiting for a package of care at home',
    'unit': 'people',
    'better': 'lower',
    'aggregate': 'daily_average',
    'dataset': 'asc_brokerage',
    'headline': 'Leaving hospital',
    'category': 'Where they wait',
    'system': true,
    'definition': 'How many people wait for a package of care at home, in an average week, by council and by '
        ~ 'where they are now.',
    'source': 'F 3.5 POC_WAIT',
    'no_target': 'No standard is set; the trend is watched (F 3.5).',
    'choice': 'Requests that wait on the Sunday; somebody with two requests counts twice. A longer period is '
        ~ 'the mean of the Sundays on which the council has anybody waiting. Not split by COVID-19.',
}}) }}
-- One row per request that waits and week.
select
    census_date as event_date,
    organisation_code,
    cast(null as varchar) as site_code,
    cast(null as boolean) as is_covid,
    location_code as category,
    1 as numerator,
    1 as denominator
from {{ ref('fct_care_package_census') }}
