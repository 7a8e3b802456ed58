-- One row per prescription issued by a practice.
-- Skeleton: no rows yet.
select
    cast(null as {{ dbt.type_string() }}) as medication_order_id,
    cast(null as {{ dbt.type_string() }}) as person_id,
    cast(null as {{ dbt.type_string() }}) as gp_practice_code,
    cast(null as date) as issued_on,
    cast(null as {{ dbt.type_string() }}) as dmd_code,
    cast(null as {{ dbt.type_string() }}) as medication_name,
    cast(null as {{ dbt.type_string() }}) as bnf_code,
    cast(null as double) as quantity,
    cast(null as {{ dbt.type_string() }}) as quantity_unit,
    cast(null as integer) as duration_days,
    cast(null as boolean) as is_repeat,
    cast(null as double) as cost_pounds,
    cast(null as {{ dbt.type_string() }}) as feed_table
where false
