-- One row per journey's first part, up to the door of the ward: a call to NHS 111, a 999 incident and an
-- emergency department attendance, each once at most. Every one of them is in one journey only; other calls
-- that led to the same care are counted, not lost.
with front as (

    select
        {{ journey_key('incident.ambulance_incident_id', 'attendance.ed_attendance_id') }} as front_key,
        incident.ambulance_incident_id,
        attendance.ed_attendance_id,
        incident.urgent_call_id,
        coalesce(attendance.attendance_category_code = '4', false) as is_planned,
        coalesce(incident.is_between_hospitals, false) as is_between_hospitals
    from {{ ref('ed_attendance') }} as attendance
    left join {{ ref('pathway_incident') }} as incident
        on attendance.ed_attendance_id = incident.ed_attendance_id
    union all
    select
        {{ journey_key('ambulance_incident_id', 'ed_attendance_id') }} as front_key,
        ambulance_incident_id,
        ed_attendance_id,
        urgent_call_id,
        false as is_planned,
        is_between_hospitals
    from {{ ref('pathway_incident') }}
    where ed_attendance_id is null

),

link as (

    select
        link_type,
        from_event_id,
        to_event_id,
        minutes_between
    from {{ ref('urgent_care_link') }}

),

-- Where each call led: into an ambulance, else to a department, else nowhere.
call_front as (

    select
        call.urgent_call_id,
        call.offered_at,
        coalesce(by_ambulance.front_key, by_ed.front_key) as front_key,
        case
            when by_ambulance.urgent_call_id = call.urgent_call_id then 1
            when by_ambulance.front_key is not null then 2
            else 3
        end as way_rank,
        case when call.disposition_group = 'ed' then 1 else 2 end as advice_rank,
        to_ed.minutes_between
    from {{ ref('urgent_call') }} as call
    left join link as to_ambulance
        on
            call.urgent_call_id = to_ambulance.from_event_id
            and to_ambulance.link_type = 'call_to_ambulance'
    left join front as by_ambulance
        on to_ambulance.to_event_id = by_ambulance.ambulance_incident_id
    left join link as to_ed
        on
            call.urgent_call_id = to_ed.from_event_id
            and to_ed.link_type = 'call_to_ed'
    left join front as by_ed
        on to_ed.to_event_id = by_ed.ed_attendance_id

),

ranked_call as (

    select
        call_front.urgent_call_id,
        call_front.front_key,
        row_number() over (
            partition by call_front.front_key
            order by
                call_front.way_rank,
                call_front.advice_rank,
                call_front.minutes_between,
                call_front.urgent_call_id
        ) as call_rank,
        count(*) over (partition by call_front.front_key) as call_count,
        min(call_front.offered_at) over (partition by call_front.front_key) as first_call_at
    from call_front
    where call_front.front_key is not null

),

journey as (

    select
        ranked_call.urgent_call_id,
        front.ambulance_incident_id,
        front.ed_attendance_id,
        coalesce(ranked_call.call_count, 0) as call_count,
        ranked_call.first_call_at,
        front.is_planned,
        front.is_between_hospitals
    from front
    left join ranked_call
        on
            front.front_key = ranked_call.front_key
            and ranked_call.call_rank = 1
    union all
    select
        urgent_call_id,
        cast(null as {{ dbt.type_string() }}) as ambulance_incident_id,
        cast(null as {{ dbt.type_string() }}) as ed_attendance_id,
        1 as call_count,
        offered_at as first_call_at,
        false as is_planned,
        false as is_between_hospitals
    from call_front
    where front_key is null

)

select
    urgent_call_id,
    ambulance_incident_id,
    ed_attendance_id,
    call_count,
    first_call_at,
    is_planned,
    is_between_hospitals
from journey
