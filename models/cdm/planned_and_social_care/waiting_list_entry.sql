-- One row per pathway and week while it is open on the waiting list (census Sunday).
-- Skeleton: no rows yet.
select
    cast(null as {{ dbt.type_string() }}) as waiting_list_entry_id,
    cast(null as date) as week_ending_date,
    cast(null as {{ dbt.type_string() }}) as pathway_id,
    cast(null as {{ dbt.type_string() }}) as person_id,
    cast(null as {{ dbt.type_string() }}) as organisation_code,
    cast(null as {{ dbt.type_string() }}) as site_code,
    cast(null as {{ dbt.type_string() }}) as waiting_list_type_code,
    cast(null as {{ dbt.type_string() }}) as treatment_function_code,
    cast(null as {{ dbt.type_string() }}) as priority_code,
    cast(null as {{ dbt.type_string() }}) as procedure_priority_code,
    cast(null as date) as clock_start_date,
    cast(null as integer) as wait_days,
    cast(null as boolean) as is_rtt_incomplete,
    cast(null as {{ dbt.type_string() }}) as rtt_status_code,
    cast(null as date) as tci_date,
    cast(null as boolean) as is_newest_census,
    cast(null as {{ dbt.type_string() }}) as feed_table
where false
