-- One row per community or mental-health ward and day: the 08:00 snapshot of its beds (F 2.15).
select
    staged.organisation_code,
    staged.site_code,
    staged.ward_code,
    staged.ward_name,
    staged.bed_type_code,
    bed_type.group_code as bed_setting,
    staged.snapshot_date,
    staged.beds_open,
    staged.beds_occupied,
    staged.beds_closed,
    greatest(staged.beds_open - staged.beds_occupied, 0) as beds_unoccupied,
    staged.closed_reason
from (
    {{ stacked(['stg_eput__ward_beds', 'stg_nelft__ward_beds', 'stg_provide__ward_beds']) }}
) as staged
{{ left_join_code('bed_type', 'staged.bed_type_code', 'bed_type') }}
