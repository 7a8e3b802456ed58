-- One row per NHS 111 call and the emergency department attendance that followed it: same person, the
-- first arrival within 24 hours after the call was offered (F 9.2). Who was not sent to an emergency
-- department or by ambulance follows the call for six hours only; later it is another story. Repeat
-- callers may share one attendance.
with candidates as (

    select
        {{ candidate_columns() }}
    from (
        select
            call.urgent_call_id as from_event_id,
            attendance.ed_attendance_id as to_event_id,
            'person' as link_method,
            1 as method_rank,
            case when call.disposition_group in ('ed', 'ambulance') then 86400 else 21600 end
                as limit_seconds,
            {{ seconds_between('call.offered_at', 'attendance.arrived_at') }} as seconds_apart
        from {{ ref('urgent_call') }} as call
        inner join {{ ref('ed_attendance') }} as attendance
            on call.person_id = attendance.person_id
    ) as pairs
    where seconds_apart between 0 and limit_seconds

),

{{ nearest_links('call_to_ed', 'candidates') }}
