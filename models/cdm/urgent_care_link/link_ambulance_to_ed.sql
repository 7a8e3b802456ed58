-- One row per ambulance arrival and the emergency department attendance it brought, one-to-one (F 9.2):
-- same site and incident number within an hour of arrival or handover, else same site and person within
-- two hours.
with conveyed as (

    select
        ambulance_incident_id,
        incident_number_key,
        person_id,
        receiving_site_code,
        coalesce(arrived_hospital_at, handover_at) as arrived_at,
        coalesce(handover_at, arrived_hospital_at) as handover_at
    from {{ ref('ambulance_incident') }}
    where is_conveyed_to_ed and not is_test_call

),

pairs as (

    select
        conveyed.*,
        attendance.ed_attendance_id,
        attendance.arrived_at as ed_arrived_at,
        'incident_number' as link_method,
        1 as method_rank,
        3600 as limit_seconds
    from conveyed
    inner join {{ ref('ed_attendance') }} as attendance
        on
            conveyed.incident_number_key = attendance.incident_number_key
            and conveyed.receiving_site_code = attendance.site_code
    union all
    select
        conveyed.*,
        attendance.ed_attendance_id,
        attendance.arrived_at as ed_arrived_at,
        'person' as link_method,
        2 as method_rank,
        7200 as limit_seconds
    from conveyed
    inner join {{ ref('ed_attendance') }} as attendance
        on
            conveyed.person_id = attendance.person_id
            and conveyed.receiving_site_code = attendance.site_code

),

candidates as (

    select
        ambulance_incident_id as from_event_id,
        ed_attendance_id as to_event_id,
        link_method,
        method_rank,
        distance_seconds,
        minutes_between
    from (
        select
            pairs.*,
            least(
                abs({{ seconds_between('arrived_at', 'ed_arrived_at') }}),
                abs({{ seconds_between('handover_at', 'ed_arrived_at') }})
            ) as distance_seconds,
            {{ minutes_between('arrived_at', 'ed_arrived_at') }} as minutes_between
        from pairs
    ) as measured
    where distance_seconds < limit_seconds

),

{{ one_to_one_links('ambulance_to_ed', 'candidates') }}
