{{ config(meta={'metric': {
    'id': 'BED_UNOCC_PCT',
    'label': 'Unoccupied general and acute beds, share',
    'unit': 'percent',
    'better': 'higher',
    'aggregate': 'ratio',
    'dataset': 'uec_sitrep',
    'definition': 'Of the general and acute beds that could be used at 08:00, the share that stood empty.',
    'source': 'F 3.5 BED_UNOCC_PCT',
    'choice': 'Usable is open, less beds void for COVID-19 or closed for infection. The 08:00 position '
        ~ 'of each day; a longer period sums the days before dividing. Beds cannot be split by '
        ~ 'COVID-19: the sitrep has occupied and void COVID-19 beds (fct_bed_state), but not what '
        ~ 'they would be open for.',
}}) }}
-- One row per site and day.
select
    snapshot_date as event_date,
    organisation_code,
    site_code,
    cast(null as boolean) as is_covid,
    ga_beds_unoccupied as numerator,
    ga_beds_available as denominator
from {{ ref('fct_bed_state') }}
where
    ga_beds_unoccupied is not null
    and ga_beds_available is not null
