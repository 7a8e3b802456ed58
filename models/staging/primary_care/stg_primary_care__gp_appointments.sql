-- One row per appointment slot that was kept for a patient, as it stands now. Slots without a patient are
-- administration or groups and left out (F 2.12.5).
{{ rows_follow_key('appointment_id', {'primary_care.gp_appointments': 'appointment_id'}) }}
with records as (

    {{ current_records('primary_care', 'gp_appointments') }}

)

select
    'gp_appointments' as feed_table,
    appointment_id,
    gp_practice_code,
    cast(patient_id as {{ dbt.type_string() }}) as gp_patient_id,
    booked_at as booked_at_local,
    starts_at as starts_at_local,
    coalesce({{ standard_code('primary_care', 'gp_appointments', 'status') }}, 'unknown') as status_group,
    coalesce({{ standard_code('primary_care', 'gp_appointments', 'mode_code') }}, 'unknown') as mode_code,
    coalesce({{ standard_code('primary_care', 'gp_appointments', 'staff_group') }}, 'unknown') as staff_group,
    slot_category,
    planned_minutes,
    case when actual_minutes > 0 then actual_minutes end as actual_minutes,
    _batch_id as batch_id,
    _received_at as received_at
from records
where patient_id is not null
