-- One row per coded entry of a GP record that counts (not deleted): a diagnosis, a measurement, a code of what was done.
-- Skeleton: no rows yet.
select
    cast(null as {{ dbt.type_string() }}) as clinical_event_id,
    cast(null as {{ dbt.type_string() }}) as person_id,
    cast(null as {{ dbt.type_string() }}) as gp_practice_code,
    cast(null as date) as event_date,
    cast(null as date) as recorded_on,
    cast(null as {{ dbt.type_string() }}) as snomed_code,
    cast(null as double) as value_number,
    cast(null as {{ dbt.type_string() }}) as value_unit,
    cast(null as boolean) as is_problem,
    cast(null as date) as problem_ended_on,
    cast(null as boolean) as is_confidential,
    cast(null as {{ dbt.type_string() }}) as feed_table,
    cast(null as timestamp) as received_at
where false
