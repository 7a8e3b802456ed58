-- One row per urgent-care journey: whose it was, when and how it began, how far it came. The last place of
-- care that the records know speaks for the outcome.
with now as (

    select {{ local_to_utc('run.as_of') }} as as_of_at
    from (select {{ as_of() }} as as_of) as run

),

ended as (

    select
        step.*,
        call.offered_at,
        incident.call_connect_at,
        attendance.arrived_at,
        spell.admitted_at,
        spell.admission_date,
        coalesce(spell.person_id, attendance.person_id, call.person_id, incident.person_id) as person_id,
        coalesce(spell.age_years, attendance.age_years, call.age_years, incident.age_years) as age_years,
        coalesce(spell.sex_code, attendance.sex_code, call.sex_code, incident.sex_code) as sex_code,
        case
            when attendance.has_covid or spell.has_covid or last_spell.has_covid then true
            when coalesce(attendance.ed_attendance_id, spell.hospital_spell_id) is not null then false
        end as is_covid,
        coalesce(attendance.site_code, spell.site_code, incident.receiving_site_code) as site_code,
        -- Non-emergency transport (1048021000000102) is booked, nobody calls 999 for it.
        coalesce(attendance.arrival_mode_group = 'ambulance', false)
        and attendance.arrival_mode_code <> '1048021000000102' as came_by_ambulance,
        case
            when call.urgent_call_id is null then null
            when call.answered_at is null and call.channel = 'phone' then 'abandoned'
            when
                call.disposition_group in ('ambulance', 'ed')
                and call.offered_at > {{ timestamp_add('hour', -24, 'now.as_of_at') }} then 'sent_on'
            when call.disposition_group = 'ambulance' then 'not_known'
            else 'advice'
        end as call_outcome,
        case
            when incident.ambulance_incident_id is null then null
            when incident.outcome = 'hear_treat' then 'advice'
            when incident.outcome = 'see_treat' then 'treated_at_scene'
            when incident.outcome is null then 'with_ambulance'
            when incident.outcome <> 'convey_ed' or incident.receiving_organisation_code is null then 'other'
            else 'not_known'
        end as incident_outcome,
        case
            when attendance.ed_attendance_id is null then null
            when
                attendance.departed_at is null
                and attendance.arrived_at > {{ timestamp_add('hour', -72, 'now.as_of_at') }}
                then 'still_in_ed'
            when status.group_code in ('died', 'dead_on_arrival') then 'died'
            when attendance.discharge_group = 'died' then 'died'
            when attendance.left_before_treatment then 'left_ed'
            when status.group_code in ('streamed', 'streamed_not_counted') then 'other'
            when attendance.discharge_group = 'transfer' then 'transferred'
            when attendance.is_admitted then 'not_known'
            when attendance.discharge_group in ('discharged', 'short_stay') then 'home_from_ed'
            else 'not_known'
        end as ed_outcome,
        case
            when last_spell.hospital_spell_id is null then null
            when last_spell.is_open then 'still_in_hospital'
            else {{ outcome_of_discharge('last_spell.discharge_method_code', 'destination.group_code') }}
        end as spell_outcome,
        case
            when stay.inpatient_stay_id is null then null
            when stay.is_open then 'still_in_community_bed'
            else {{ outcome_of_discharge("'1'", 'stay_place.group_code') }}
        end as stay_outcome,
        request.status_code as package_status
    from {{ ref('pathway_step') }} as step
    cross join now
    left join {{ ref('urgent_call') }} as call
        on step.urgent_call_id = call.urgent_call_id
    left join {{ ref('ambulance_incident') }} as incident
        on step.ambulance_incident_id = incident.ambulance_incident_id
    left join {{ ref('ed_attendance') }} as attendance
        on step.ed_attendance_id = attendance.ed_attendance_id
    left join {{ ref('hospital_spell') }} as spell
        on step.hospital_spell_id = spell.hospital_spell_id
    left join {{ ref('hospital_spell') }} as last_spell
        on step.last_spell_id = last_spell.hospital_spell_id
    left join {{ ref('inpatient_stay') }} as stay
        on step.inpatient_stay_id = stay.inpatient_stay_id
    left join {{ ref('care_package_request') }} as request
        on step.care_package_request_id = request.care_package_request_id
    {{ left_join_code('ed_discharge_status', 'attendance.discharge_status_code', 'status') }}
    {{ left_join_code('discharge_destination', 'last_spell.discharge_destination_code', 'destination') }}
    {{ left_join_code('discharge_destination', 'stay.discharge_destination_code', 'stay_place') }}

),

placed as (

    select
        ended.*,
        coalesce(stay_outcome, spell_outcome, ed_outcome, incident_outcome, call_outcome)
            as place_outcome,
        least(first_call_at, offered_at, call_connect_at, arrived_at, admitted_at) as started_at
    from ended

),

joined as (

    select
        placed.*,
        case
            when place_outcome in ('home', 'not_known') and package_status = 'started'
                then 'home_with_package'
            else place_outcome
        end as outcome
    from placed

)

select
    urgent_care_pathway_id,
    person_id,
    age_years,
    sex_code,
    is_covid,
    site_code,
    case
        when first_call_at <= coalesce(call_connect_at, first_call_at) then 'nhs_111'
        when ambulance_incident_id is not null or came_by_ambulance then 'ambulance_999'
        when urgent_call_id is not null then 'nhs_111'
        when ed_attendance_id is not null then 'walk_in'
        else 'direct_admission'
    end as first_contact,
    coalesce(cast({{ utc_to_local('started_at') }} as date), admission_date) as started_on,
    cast(extract(hour from {{ utc_to_local('started_at') }}) as integer) as started_hour,
    outcome,
    outcome in (
        'advice', 'abandoned', 'treated_at_scene', 'left_ed', 'home_from_ed', 'home', 'home_with_package',
        'care_home', 'died'
    )
    and not coalesce(outcome = 'home' and package_status = 'waiting', false) as is_complete
from joined
