{{ config(meta={'metric': {
    'id': 'LOS_21P',
    'label': 'In hospital 21 days or more (super-stranded)',
    'unit': 'percent',
    'better': 'lower',
    'aggregate': 'ratio',
    'dataset': 'uec_sitrep',
    'headline': 'Beds',
    'definition': 'Of adults in a general and acute bed at 08:00, the share who have been in hospital '
        ~ 'for 21 days or more.',
    'source': 'F 3.5 LOS_21P',
    'choice': 'Over occupied beds, as LOS_7P, although the 12 percent aim is worded over beds. '
        ~ 'As the site counts them in its daily report. '
        ~ said_of('beds'),
}}) }}
-- One row per site and day.
select
    snapshot_date as event_date,
    organisation_code,
    site_code,
    cast(null as boolean) as is_covid,
    los_21_plus as numerator,
    adult_ga_beds_occupied as denominator
from {{ ref('fct_bed_state') }}
where
    los_21_plus is not null
    and adult_ga_beds_occupied is not null
