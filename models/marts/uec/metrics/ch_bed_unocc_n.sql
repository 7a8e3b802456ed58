{{ config(meta={'metric': {
    'id': 'CH_BED_UNOCC_N',
    'label': 'Vacant care home beds',
    'unit': 'beds',
    'better': 'higher',
    'aggregate': 'daily_average',
    'dataset': 'care_home_capacity',
    'category': 'Type of care',
    'system': true,
    'definition': 'How many beds stood vacant in care homes that take people, in an average week, by council '
        ~ 'and type of care.',
    'source': 'F 3.5 CH_BED_UNOCC',
    'no_target': 'No standard is set; the trend is watched (F 3.5).',
    'choice': 'The vacancies on the Sunday; those of homes closed to admissions count as 0, and more '
        ~ 'vacancies than beds of the kind count as the beds. A figure is taken as it stands however old '
        ~ 'it is; CH_UPDATED_7D says how many are. A longer period is the mean of the Sundays for which '
        ~ 'the council sent an extract. A home lies with the council that sends it. Not split by COVID-19.',
}}) }}
-- One row per care home, kind of bed and week.
select
    census_date as event_date,
    organisation_code,
    cast(null as varchar) as site_code,
    cast(null as boolean) as is_covid,
    bed_kind_code as category,
    vacant_beds_usable as numerator,
    1 as denominator
from {{ ref('fct_care_home_capacity') }}
where vacant_beds_usable is not null
