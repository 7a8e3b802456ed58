{{ config(meta={'metric': {
    'id': 'COMM_BED_UNOCC_N',
    'label': 'Unoccupied community beds',
    'unit': 'beds',
    'better': 'higher',
    'aggregate': 'daily_average',
    'dataset': 'community_beds',
    'category': 'Type of bed',
    'system': true,
    'definition': 'How many open beds of community hospitals stood empty at 08:00, on an average day, by what '
        ~ 'the beds are for.',
    'source': 'F 3.5 COMM_BED_UNOCC',
    'no_target': 'No standard is set; the trend is watched (F 3.5).',
    'choice': 'Open less occupied, ward by ward, never below 0; closed beds are not among the open. '
        ~ 'Mental-health beds are apart (fct_ward_bed_state). The 08:00 position of each day; a longer '
        ~ 'period is the mean of the days on which the provider (or site) reported any community ward. '
        ~ 'Not split by COVID-19: wards do not report it.',
}}) }}
-- One row per community ward and day.
select
    snapshot_date as event_date,
    organisation_code,
    site_code,
    cast(null as boolean) as is_covid,
    bed_type_code as category,
    beds_unoccupied as numerator,
    1 as denominator
from {{ ref('fct_ward_bed_state') }}
where
    bed_setting = 'community'
    and beds_unoccupied is not null
