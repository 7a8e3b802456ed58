-- One row per emergency department attendance, in the 12 months up to as_of, of a person with five or more
-- (F 3.8 FREQ_ATT), with what led there: the call to NHS 111 and the ambulance of the same journey (F 9.2),
-- else an attended GP appointment on the day or the day before, else nothing that the hub knows.
with today as (

    select {{ as_of_date() }} as index_date

),

attendance as (

    select
        ed.ed_attendance_id,
        ed.person_id,
        ed.site_code,
        ed.arrived_at_local,
        cast(ed.arrived_at_local as date) as arrived_on,
        ed.arrival_mode_group,
        ed.is_admitted,
        count(*) over (partition by ed.person_id) as attendances
    from {{ ref('ed_attendance') }} as ed
    cross join today
    where
        coalesce(ed.attendance_category_code, '1') in ('1', '2', '3')
        and cast(ed.arrived_at_local as date) > {{ months_add(-12, 'today.index_date') }}
        and cast(ed.arrived_at_local as date) <= today.index_date

),

frequent as (

    select *
    from attendance
    where attendances >= {{ frequent_from() }}

),

gp_contact as (

    select distinct frequent.ed_attendance_id
    from frequent
    inner join {{ ref('gp_appointment') }} as appointment
        on frequent.person_id = appointment.person_id
    where
        appointment.status_group = 'attended'
        and appointment.starts_at_local <= frequent.arrived_at_local
        and cast(appointment.starts_at_local as date) >= {{ days_add(-1, 'frequent.arrived_on') }}

)

select
    frequent.ed_attendance_id,
    frequent.person_id,
    frequent.arrived_on,
    frequent.site_code,
    frequent.is_admitted,
    case
        when contact.urgent_call_id is not null and contact.ambulance_incident_id is not null
            then '111_then_999'
        when contact.ambulance_incident_id is not null or frequent.arrival_mode_group = 'ambulance' then '999'
        when contact.urgent_call_id is not null then '111'
        when gp_contact.ed_attendance_id is not null then 'gp'
        else 'none'
    end as led_by
from frequent
left join {{ ref('pathway_contact') }} as contact
    on frequent.ed_attendance_id = contact.ed_attendance_id
left join gp_contact
    on frequent.ed_attendance_id = gp_contact.ed_attendance_id
