-- One row per 999 incident. COVID-19 counts where the emergency-department attendance that it led to does; an incident
-- that led to none counts as without.
with person as (

    {{ person_for_secondary_use() }}

),

incident as (

    select
        {{ pseudonym('secondary_use', 'ambulance_incident.ambulance_incident_id') }} as ambulance_incident_key,
        ambulance_incident.*
    from {{ ref('ambulance_incident') }} as ambulance_incident

),

covid_attendance as (

    select link.from_event_key as ambulance_incident_key
    from {{ ref('fct_urgent_care_link') }} as link
    inner join {{ ref('fct_ed_attendance') }} as attendance
        on link.to_event_key = attendance.ed_attendance_key
    where link.link_type = 'ambulance_to_ed' and attendance.is_covid
    group by link.from_event_key

)

select
    incident.ambulance_incident_key,
    person.person_key,
    incident.organisation_code,
    cast(incident.call_connect_at_local as date) as call_date,
    cast(extract(hour from incident.call_connect_at_local) as integer) as call_hour,
    incident.age_years,
    {{ age_band('incident.age_years') }} as age_band,
    incident.sex_code,
    person.ethnic_group,
    person.imd_decile,
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
    covid_attendance.ambulance_incident_key is not null as is_covid
from incident
left join person
    on incident.person_id = person.person_id
left join covid_attendance
    on incident.ambulance_incident_key = covid_attendance.ambulance_incident_key
