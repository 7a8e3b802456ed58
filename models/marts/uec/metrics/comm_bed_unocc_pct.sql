{{ config(meta={'metric': {
    'id': 'COMM_BED_UNOCC_PCT',
    'label': 'Unoccupied community beds, share',
    'unit': 'percent',
    'better': 'higher',
    'aggregate': 'ratio',
    'dataset': 'community_beds',
    'headline': 'Leaving hospital',
    'category': 'Type of bed',
    'system': true,
    'definition': 'Of the open beds of community hospitals, the share that stood empty at 08:00, by what the '
        ~ 'beds are for.',
    'source': 'F 3.5 COMM_BED_UNOCC',
    'no_target': 'No standard is set; 5 to 15 percent is usual (F 7.2).',
    'choice': 'Open less occupied, ward by ward, never below 0, over open; closed beds are not among the '
        ~ 'open. Mental-health beds are apart (fct_ward_bed_state). The 08:00 position of each day; a '
        ~ 'longer period sums the days before dividing. Not split by COVID-19: wards do not report it.',
}}) }}
-- One row per community ward and day.
select
    snapshot_date as event_date,
    organisation_code,
    site_code,
    cast(null as boolean) as is_covid,
    bed_type_code as category,
    beds_unoccupied as numerator,
    beds_open as denominator
from {{ ref('fct_ward_bed_state') }}
where
    bed_setting = 'community'
    and beds_unoccupied is not null
    and beds_open is not null
