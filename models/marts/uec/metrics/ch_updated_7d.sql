{{ config(meta={'metric': {
    'id': 'CH_UPDATED_7D',
    'label': 'Care homes with up-to-date figures',
    'unit': 'percent',
    'better': 'higher',
    'aggregate': 'ratio',
    'dataset': 'care_home_capacity',
    'system': true,
    'definition': 'Of the care homes in the weekly extract, the share that had updated its figures within 7 '
        ~ 'days.',
    'source': 'F 3.5 CH_BED_UNOCC',
    'no_target': 'One update a month is asked for; weekly is good practice without a standard (F 2.14).',
    'choice': 'Day of the extract less day of the last update, at most 7; an update after the extract or '
        ~ 'without a date is not up to date. Each home counts once, whatever kinds of beds it has. A '
        ~ 'longer period sums its Sundays before dividing. Not split by COVID-19.',
}}) }}
-- One row per care home and week.
select
    census_date as event_date,
    organisation_code,
    cast(null as varchar) as site_code,
    cast(null as boolean) as is_covid,
    max(case when is_updated_within_7_days then 1 else 0 end) as numerator,
    1 as denominator
from {{ ref('fct_care_home_capacity') }}
group by census_date, organisation_code, cqc_location_id
