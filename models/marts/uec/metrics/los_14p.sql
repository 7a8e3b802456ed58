{{ config(meta={'metric': {
    'id': 'LOS_14P',
    'label': 'In hospital 14 days or more (long stay)',
    'unit': 'percent',
    'better': 'lower',
    'aggregate': 'ratio',
    'dataset': 'uec_sitrep',
    'definition': 'Of adults in a general and acute bed at 08:00, the share who have been in hospital '
        ~ 'for 14 days or more.',
    'source': 'F 3.5 LOS_14P',
    'no_target': 'The standard is set for 21 days, LOS_21P (F 3.5).',
    'choice': 'As the site counts them in its daily report. '
        ~ said_of('beds'),
}}) }}
-- One row per site and day.
select
    snapshot_date as event_date,
    organisation_code,
    site_code,
    cast(null as boolean) as is_covid,
    los_14_plus as numerator,
    adult_ga_beds_occupied as denominator
from {{ ref('fct_bed_state') }}
where
    los_14_plus is not null
    and adult_ga_beds_occupied is not null
