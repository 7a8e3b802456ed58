-- One row per event of planned hospital care of a person, for the shared record: outpatient appointment, and
-- start of a wait for treatment (told by weekly lists, one row per pathway and clock). A view.
{{ config(materialized='view') }}
with wait as (

    select
        pathway_id,
        coalesce(clock_start_date, date '1900-01-01') as clock_start_date,
        {{ latest_value('person_id', 'week_ending_date') }} as person_id,
        {{ latest_value('organisation_code', 'week_ending_date') }} as organisation_code,
        {{ latest_value('treatment_function_code', 'week_ending_date') }} as treatment_function_code,
        {{ latest_value('feed_table', 'week_ending_date') }} as feed_table,
        min(week_ending_date) as first_week,
        max(week_ending_date) as last_week,
        max(case when is_newest_census then 1 else 0 end) = 1 as still_waits
    from {{ ref('waiting_list_entry') }}
    group by pathway_id, coalesce(clock_start_date, date '1900-01-01')

)

select
    appointment.person_id,
    'outpatient_appointment' as event_type,
    appointment.outpatient_appointment_id as source_id,
    cast(null as timestamp) as event_at,
    cast(null as timestamp) as event_at_local,
    appointment.appointment_date as event_date,
    appointment.organisation_code,
    case when appointment.is_first then 'First outpatient appointment' else 'Outpatient appointment' end
    || coalesce(' in ' || lower(specialty.label), '')
    || case when appointment.is_remote then ' (remote)' else '' end
    || case
        when appointment.attendance_code = '0' then ': booked'
        else coalesce(': ' || lower(attendance.label), '')
    end as title,
    case when appointment.treatment_function_code is not null then 'treatment_function' end as code_system,
    appointment.treatment_function_code as code,
    cast(null as {{ dbt.type_string() }}) as value_text,
    cast(null as {{ dbt.type_string() }}) as leads_from,
    appointment.feed_table,
    cast(null as timestamp) as received_at
from {{ ref('outpatient_appointment') }} as appointment
{{ left_join_code('treatment_function', 'appointment.treatment_function_code', 'specialty') }}
{{ left_join_code('care_attendance', 'appointment.attendance_code', 'attendance') }}
where
    appointment.person_id is not null
    and appointment.appointment_date is not null
union all
select
    wait.person_id,
    'waiting_list_start' as event_type,
    wait.pathway_id || '|' || cast(wait.clock_start_date as {{ dbt.type_string() }}) as source_id,
    cast(null as timestamp) as event_at,
    cast(null as timestamp) as event_at_local,
    case when wait.clock_start_date = date '1900-01-01' then wait.first_week else wait.clock_start_date end
        as event_date,
    wait.organisation_code,
    'Wait for treatment begins' || coalesce(': ' || lower(specialty.label), '') as title,
    case when wait.treatment_function_code is not null then 'treatment_function' end as code_system,
    wait.treatment_function_code as code,
    case when wait.still_waits then 'on the list of ' else 'last on the list of ' end
    || cast(wait.last_week as {{ dbt.type_string() }}) as value_text,
    cast(null as {{ dbt.type_string() }}) as leads_from,
    wait.feed_table,
    cast(null as timestamp) as received_at
from wait
{{ left_join_code('treatment_function', 'wait.treatment_function_code', 'specialty') }}
where wait.person_id is not null
