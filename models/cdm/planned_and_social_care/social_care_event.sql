-- One row per event of adult social care that counts after the rules of the client level data set (F 2.13.3).
-- Skeleton: no rows yet.
select
    cast(null as {{ dbt.type_string() }}) as social_care_event_id,
    cast(null as {{ dbt.type_string() }}) as person_id,
    cast(null as {{ dbt.type_string() }}) as organisation_code,
    cast(null as {{ dbt.type_string() }}) as client_type,
    cast(null as {{ dbt.type_string() }}) as event_type,
    cast(null as date) as started_on,
    cast(null as date) as ended_on,
    cast(null as {{ dbt.type_string() }}) as route_of_access,
    cast(null as {{ dbt.type_string() }}) as assessment_type,
    cast(null as {{ dbt.type_string() }}) as service_type,
    cast(null as {{ dbt.type_string() }}) as service_component,
    cast(null as {{ dbt.type_string() }}) as delivery_mechanism,
    cast(null as {{ dbt.type_string() }}) as primary_support_reason,
    cast(null as {{ dbt.type_string() }}) as event_outcome,
    cast(null as {{ dbt.type_string() }}) as accommodation_status,
    cast(null as double) as weekly_cost_pounds,
    cast(null as boolean) as is_long_term_support,
    cast(null as {{ dbt.type_string() }}) as feed_table
where false
