-- One row per stretch of registration of a person with a practice, past and present.
-- Skeleton: no rows yet.
select
    cast(null as {{ dbt.type_string() }}) as registration_period_id,
    cast(null as {{ dbt.type_string() }}) as person_id,
    cast(null as {{ dbt.type_string() }}) as gp_practice_code,
    cast(null as date) as registered_on,
    cast(null as date) as ended_on,
    cast(null as {{ dbt.type_string() }}) as registration_type_code,
    cast(null as {{ dbt.type_string() }}) as end_reason,
    cast(null as {{ dbt.type_string() }}) as lsoa_code,
    cast(null as {{ dbt.type_string() }}) as feed_table
where false
