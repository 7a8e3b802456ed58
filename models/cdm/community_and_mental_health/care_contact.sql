-- One row per contact of a community or mental-health service, held or missed.
-- Skeleton: no rows yet.
select
    cast(null as {{ dbt.type_string() }}) as care_contact_id,
    cast(null as {{ dbt.type_string() }}) as care_referral_id,
    cast(null as {{ dbt.type_string() }}) as person_id,
    cast(null as {{ dbt.type_string() }}) as organisation_code,
    cast(null as {{ dbt.type_string() }}) as setting,
    cast(null as timestamp) as contact_at_local,
    cast(null as boolean) as has_contact_time,
    cast(null as {{ dbt.type_string() }}) as attendance_code,
    cast(null as boolean) as is_attended,
    cast(null as {{ dbt.type_string() }}) as mechanism_code,
    cast(null as {{ dbt.type_string() }}) as location_type_code,
    cast(null as integer) as duration_minutes,
    cast(null as {{ dbt.type_string() }}) as feed_table
where false
