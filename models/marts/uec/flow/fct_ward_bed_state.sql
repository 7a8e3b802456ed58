-- One row per community or mental-health ward and day: beds at 08:00, as the provider reported them.
-- Numbers of beds, not of people; why beds are closed is free text and stays behind.
select
    organisation_code,
    site_code,
    ward_code,
    ward_name,
    bed_setting,
    bed_type_code,
    snapshot_date,
    cast(beds_open as integer) as beds_open,
    cast(beds_occupied as integer) as beds_occupied,
    cast(beds_closed as integer) as beds_closed,
    cast(beds_unoccupied as integer) as beds_unoccupied
from {{ ref('ward_bed_state') }}
