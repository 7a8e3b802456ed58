{{ config(meta={'metric': {
    'id': 'LOS_7P',
    'label': 'In hospital 7 days or more (stranded)',
    'unit': 'percent',
    'better': 'lower',
    'aggregate': 'ratio',
    'dataset': 'uec_sitrep',
    'definition': 'Of adults in a general and acute bed at 08:00, the share who have been in hospital '
        ~ 'for 7 days or more.',
    'source': 'F 3.5 LOS_7P',
    'no_target': 'About 45 to 50 percent is usual; no standard is set (F 3.5).',
    'choice': 'As the site counts them in its daily report. '
        ~ said_of('beds'),
}}) }}
-- One row per site and day.
select
    snapshot_date as event_date,
    organisation_code,
    site_code,
    cast(null as boolean) as is_covid,
    los_7_plus as numerator,
    adult_ga_beds_occupied as denominator
from {{ ref('fct_bed_state') }}
where
    los_7_plus is not null
    and adult_ga_beds_occupied is not null
