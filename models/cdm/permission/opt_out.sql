-- One row per person and kind of opt-out in force at as_of.
-- Skeleton: no rows yet.
select
    cast(null as {{ dbt.type_string() }}) as person_id,
    cast(null as {{ dbt.type_string() }}) as opt_out_type,
    cast(null as date) as since_date
where false
