-- One row per referral to a community or mental-health service, whoever received it.
-- Skeleton: no rows yet.
select
    cast(null as {{ dbt.type_string() }}) as care_referral_id,
    cast(null as {{ dbt.type_string() }}) as person_id,
    cast(null as {{ dbt.type_string() }}) as organisation_code,
    cast(null as {{ dbt.type_string() }}) as setting,
    cast(null as {{ dbt.type_string() }}) as service_type_code,
    cast(null as {{ dbt.type_string() }}) as source_of_referral_code,
    cast(null as {{ dbt.type_string() }}) as priority_code,
    cast(null as {{ dbt.type_string() }}) as reason_code,
    cast(null as timestamp) as received_at_local,
    cast(null as boolean) as has_received_time,
    cast(null as date) as closed_on,
    cast(null as {{ dbt.type_string() }}) as close_reason_code,
    cast(null as integer) as age_years,
    cast(null as {{ dbt.type_string() }}) as feed_table
where false
