{{ config(meta={'metric': {
    'id': 'BED_UNOCC_PCT',
    'label': 'Unoccupied general and acute beds, share',
    'unit': 'percent',
    'better': 'higher',
    'aggregate': 'ratio',
    'dataset': 'uec_sitrep',
    'definition': 'Of the general and acute beds that could be used at 08:00, the share that stood '
        ~ 'empty.',
    'source': 'F 3.5 BED_UNOCC_PCT',
    'choice': 'Usable is open, less beds void for COVID-19 or closed for infection. '
        ~ said_of('beds'),
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
