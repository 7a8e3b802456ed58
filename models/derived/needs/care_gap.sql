-- One row per registered person and care standard whose register or ages the person is in, at as_of.
-- Skeleton: no rows yet. An open gap is one that is eligible, not excluded and not met.
select
    cast(null as {{ dbt.type_string() }}) as person_id,
    cast(null as date) as index_date,
    cast(null as {{ dbt.type_string() }}) as gap_code,
    cast(null as boolean) as is_eligible,
    cast(null as boolean) as is_excluded,
    cast(null as {{ dbt.type_string() }}) as exclusion_reasons,
    cast(null as boolean) as is_met,
    cast(null as date) as evidence_date,
    cast(null as {{ dbt.type_string() }}) as evidence_value
where false
