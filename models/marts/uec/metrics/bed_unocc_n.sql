{{ config(meta={'metric': {
    'id': 'BED_UNOCC_N',
    'label': 'Unoccupied general and acute beds',
    'unit': 'beds',
    'better': 'higher',
    'aggregate': 'daily_average',
    'dataset': 'uec_sitrep',
    'definition': 'How many general and acute beds stood empty and usable at 08:00, on an average day.',
    'source': 'F 3.5 BED_UNOCC_N',
    'no_target': 'The standard is set for the share, BED_UNOCC_PCT (F 3.5).',
    'choice': 'Open, less beds void for COVID-19 or closed for infection, less occupied. Numerator: beds '
        ~ 'summed over sites and days; denominator: days with a report. '
        ~ said_of('beds'),
}}) }}
-- One row per site and day.
select
    snapshot_date as event_date,
    organisation_code,
    site_code,
    cast(null as boolean) as is_covid,
    ga_beds_unoccupied as numerator,
    1 as denominator
from {{ ref('fct_bed_state') }}
where ga_beds_unoccupied is not null
