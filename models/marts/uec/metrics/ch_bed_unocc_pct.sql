{{ config(meta={'metric': {
    'id': 'CH_BED_UNOCC_PCT',
    'label': 'Vacant care home beds, share',
    'unit': 'percent',
    'better': 'higher',
    'aggregate': 'ratio',
    'dataset': 'care_home_capacity',
    'headline': 'Leaving hospital',
    'category': 'Type of care',
    'system': true,
    'definition': 'Of all registered care home beds, the share that stood vacant in a home that takes people, '
        ~ 'by council and type of care.',
    'source': 'F 3.5 CH_BED_UNOCC',
    'no_target': 'No standard is set; 8 to 12 percent is usual (F 7.2).',
    'choice': 'Vacancies as in CH_BED_UNOCC_N, over the registered beds of the kind in all homes, open to '
        ~ 'admissions or not. A kind for which a home gives no beds or no vacancies is left out. A longer '
        ~ 'period sums its Sundays before dividing. Not split by COVID-19.',
}}) }}
-- One row per care home, kind of bed and week.
select
    census_date as event_date,
    organisation_code,
    cast(null as varchar) as site_code,
    cast(null as boolean) as is_covid,
    bed_kind_code as category,
    vacant_beds_usable as numerator,
    beds as denominator
from {{ ref('fct_care_home_capacity') }}
where
    vacant_beds_usable is not null
    and beds is not null
