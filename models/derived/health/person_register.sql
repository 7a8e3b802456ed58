-- One row per person, index date and long-term-condition register the person is on (F 4.1).
-- Skeleton: no rows yet.
select
    cast(null as {{ dbt.type_string() }}) as person_id,
    cast(null as date) as index_date,
    cast(null as {{ dbt.type_string() }}) as register_code,
    cast(null as date) as since_date,
    cast(null as boolean) as counts_as_ltc,
    cast(null as {{ dbt.type_string() }}) as evidence
where false
