-- One row per 999 incident that can be part of a journey, with the call to NHS 111 that it came from and
-- the attendance that it led to. Where the ambulance brought nobody but the caller came by themselves
-- within the day, that attendance is where it led.
with link as (

    select
        link_type,
        from_event_id,
        to_event_id,
        link_method,
        minutes_between
    from {{ ref('urgent_care_link') }}

),

incident as (

    select
        ambulance_incident_id,
        call_connect_at,
        coalesce(category_code like 'IFT%', false) as is_between_hospitals
    from {{ ref('ambulance_incident') }}
    where not is_test_call and (is_counted or outcome is null)

),

-- Of several calls that became one incident, the one that passed on its number, then the closest.
ranked_call as (

    select
        link.to_event_id as ambulance_incident_id,
        link.from_event_id as urgent_call_id,
        row_number() over (
            partition by link.to_event_id
            order by link.link_method, abs(link.minutes_between), link.from_event_id
        ) as call_rank
    from link
    where link.link_type = 'call_to_ambulance'

),

brought as (

    select
        from_event_id as ambulance_incident_id,
        to_event_id as ed_attendance_id
    from link
    where link_type = 'ambulance_to_ed'

),

known as (

    select
        incident.ambulance_incident_id,
        incident.call_connect_at,
        incident.is_between_hospitals,
        ranked_call.urgent_call_id,
        brought.ed_attendance_id
    from incident
    left join ranked_call
        on
            incident.ambulance_incident_id = ranked_call.ambulance_incident_id
            and ranked_call.call_rank = 1
    left join brought
        on incident.ambulance_incident_id = brought.ambulance_incident_id

),

-- The last incident before arrival goes with an attendance to which no ambulance came.
ranked_incident as (

    select
        known.ambulance_incident_id,
        attendance.ed_attendance_id,
        row_number() over (
            partition by attendance.ed_attendance_id
            order by known.call_connect_at desc, known.ambulance_incident_id
        ) as incident_rank
    from known
    inner join link
        on
            known.urgent_call_id = link.from_event_id
            and link.link_type = 'call_to_ed'
    inner join {{ ref('ed_attendance') }} as attendance
        on
            link.to_event_id = attendance.ed_attendance_id
            and known.call_connect_at <= attendance.arrived_at
    left join brought
        on attendance.ed_attendance_id = brought.ed_attendance_id
    where known.ed_attendance_id is null and brought.ed_attendance_id is null

)

select
    known.ambulance_incident_id,
    known.call_connect_at,
    known.is_between_hospitals,
    known.urgent_call_id,
    coalesce(known.ed_attendance_id, ranked_incident.ed_attendance_id) as ed_attendance_id
from known
left join ranked_incident
    on
        known.ambulance_incident_id = ranked_incident.ambulance_incident_id
        and ranked_incident.incident_rank = 1
