-- One row per 999 incident. COVID-19 counts where the emergency-department attendance that it led to does;
-- an incident that led to none counts as without.
with person as (

    {{ person_for_secondary_use('ambulance_incident') }}

),

covid_attendance as (

    {{ covid_attendances() }}

),

covid_incident as (

    select link.from_event_id as ambulance_incident_id
    from {{ ref('urgent_care_link') }} as link
    inner join covid_attendance
        on link.to_event_id = covid_attendance.ed_attendance_id
    where link.link_type = 'ambulance_to_ed'
    group by link.from_event_id

),

incident as (

    select
        ambulance_incident.*,
        is_counted and is_conveyed_to_ed and receiving_organisation_code is not null as is_ed_arrival
    from {{ ref('ambulance_incident') }} as ambulance_incident

)

select
    {{ pseudonym('secondary_use', 'incident.ambulance_incident_id') }} as ambulance_incident_key,
    person.person_key,
    incident.organisation_code,
    cast(incident.call_connect_at_local as date) as call_date,
    cast(extract(hour from incident.call_connect_at_local) as integer) as call_hour,
    {{ person_columns('incident') }},
    incident.category_code,
    incident.response_category,
    incident.outcome,
    incident.is_counted,
    incident.is_conveyed_to_ed,
    cast(incident.response_seconds as integer) as response_seconds,
    incident.receiving_organisation_code,
    incident.receiving_site_code,
    cast(incident.arrived_hospital_at_local as date) as hospital_arrival_date,
    cast(extract(hour from incident.arrived_hospital_at_local) as integer) as hospital_arrival_hour,
    cast(incident.handover_minutes as integer) as handover_minutes,
    incident.handover_status,
    incident.is_ed_arrival,
    incident.is_ed_arrival and incident.handover_status = 'valid' as has_handover_time,
    covid_incident.ambulance_incident_id is not null as is_covid
from incident
left join person
    on incident.person_id = person.person_id
left join covid_incident
    on incident.ambulance_incident_id = covid_incident.ambulance_incident_id
