-- One row per day for which the hub describes the health of everybody: the day of as_of and the last 24 month ends.
-- Skeleton: no rows yet.
select
    cast(null as date) as index_date,
    cast(null as {{ dbt.type_string() }}) as kind,
    cast(null as boolean) as is_current
where false
