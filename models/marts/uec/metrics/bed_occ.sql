{{ config(meta={'metric': {
    'id': 'BED_OCC',
    'label': 'General and acute bed occupancy',
    'unit': 'percent',
    'better': 'lower',
    'aggregate': 'ratio',
    'dataset': 'uec_sitrep',
    'headline': 'Beds',
    'definition': 'Of the general and acute beds open at 08:00, the share with a patient in them.',
    'source': 'F 3.5 BED_OCC',
    'choice': 'Core and escalation beds. '
        ~ said_of('beds'),
}}) }}
-- One row per site and day.
select
    snapshot_date as event_date,
    organisation_code,
    site_code,
    cast(null as boolean) as is_covid,
    ga_beds_occupied as numerator,
    ga_beds_open as denominator
from {{ ref('fct_bed_state') }}
where
    ga_beds_occupied is not null
    and ga_beds_open is not null
