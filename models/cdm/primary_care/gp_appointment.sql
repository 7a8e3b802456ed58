-- One row per appointment at a practice.
-- Skeleton: no rows yet.
select
    cast(null as {{ dbt.type_string() }}) as gp_appointment_id,
    cast(null as {{ dbt.type_string() }}) as person_id,
    cast(null as {{ dbt.type_string() }}) as gp_practice_code,
    cast(null as timestamp) as booked_at_local,
    cast(null as timestamp) as starts_at_local,
    cast(null as {{ dbt.type_string() }}) as status_group,
    cast(null as {{ dbt.type_string() }}) as mode_code,
    cast(null as {{ dbt.type_string() }}) as staff_group,
    cast(null as {{ dbt.type_string() }}) as slot_category,
    cast(null as integer) as planned_minutes,
    cast(null as integer) as actual_minutes
where false
