-- One row per outpatient appointment at the acute trust.
-- Skeleton: no rows yet.
select
    cast(null as {{ dbt.type_string() }}) as outpatient_appointment_id,
    cast(null as {{ dbt.type_string() }}) as person_id,
    cast(null as {{ dbt.type_string() }}) as organisation_code,
    cast(null as {{ dbt.type_string() }}) as site_code,
    cast(null as date) as appointment_date,
    cast(null as boolean) as is_first,
    cast(null as boolean) as is_remote,
    cast(null as {{ dbt.type_string() }}) as attendance_code,
    cast(null as boolean) as is_attended,
    cast(null as boolean) as is_dna,
    cast(null as {{ dbt.type_string() }}) as outcome_code,
    cast(null as {{ dbt.type_string() }}) as priority_code,
    cast(null as {{ dbt.type_string() }}) as referral_source_code,
    cast(null as {{ dbt.type_string() }}) as treatment_function_code,
    cast(null as integer) as age_years,
    cast(null as {{ dbt.type_string() }}) as sex_code,
    cast(null as {{ dbt.type_string() }}) as feed_table
where false
