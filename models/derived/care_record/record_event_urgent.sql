-- One row per urgent contact of a person, for the shared record: call to 111, ambulance incident, attendance
-- of an emergency department. A view: care_record_event is the table.
{{ config(materialized='view') }}
select
    urgent_call.person_id,
    'urgent_call' as event_type,
    urgent_call.urgent_call_id as source_id,
    urgent_call.offered_at as event_at,
    urgent_call.offered_at_local as event_at_local,
    cast(urgent_call.offered_at_local as date) as event_date,
    urgent_call.organisation_code,
    case when urgent_call.channel = 'online' then 'NHS 111 online' else 'NHS 111 call' end
    || case
        when urgent_call.answered_at is null and urgent_call.abandoned_at is not null
            then ': caller hung up before an answer'
        else coalesce(': ' || lower(disposition.label), '')
    end as title,
    case when urgent_call.disposition_code is not null then 'nhs_pathways' end as code_system,
    urgent_call.disposition_code as code,
    case when urgent_call.had_clinical_input then 'clinician involved' end as value_text,
    cast(null as {{ dbt.type_string() }}) as leads_from,
    'calls' as feed_table,
    cast(null as timestamp) as received_at
from {{ ref('urgent_call') }} as urgent_call
{{ left_join_code('iuc_disposition_group', 'urgent_call.disposition_group', 'disposition') }}
where urgent_call.person_id is not null
union all
select
    incident.person_id,
    'ambulance_incident' as event_type,
    incident.ambulance_incident_id as source_id,
    incident.call_connect_at as event_at,
    incident.call_connect_at_local as event_at_local,
    cast(incident.call_connect_at_local as date) as event_date,
    incident.organisation_code,
    '999 incident' || coalesce(', ' || category.label, '')
    || case
        when incident.is_conveyed_to_ed
            then '; taken to ' || coalesce(site.site_name, incident.receiving_site_code, 'a hospital')
        else coalesce('; ' || lower(outcome.label), '')
    end as title,
    case when incident.category_code is not null then 'ambulance_category' end as code_system,
    incident.category_code as code,
    case
        when incident.handover_minutes is not null
            then 'handed over after '
                || cast(incident.handover_minutes as {{ dbt.type_string() }}) || ' minutes'
    end as value_text,
    cast(null as {{ dbt.type_string() }}) as leads_from,
    'incidents' as feed_table,
    cast(null as timestamp) as received_at
from {{ ref('ambulance_incident') }} as incident
{{ left_join_code('ambulance_category', 'incident.category_code', 'category') }}
{{ left_join_code('ambulance_outcome', 'incident.outcome', 'outcome') }}
left join {{ ref('site') }} as site
    on incident.receiving_site_code = site.site_code
where
    incident.person_id is not null
    and not coalesce(incident.is_test_call, false)
    and coalesce(incident.outcome, '') not in ('duplicate', 'hoax')
union all
select
    attendance.person_id,
    'ed_attendance' as event_type,
    attendance.ed_attendance_id as source_id,
    attendance.arrived_at as event_at,
    attendance.arrived_at_local as event_at_local,
    cast(attendance.arrived_at_local as date) as event_date,
    attendance.organisation_code,
    'Emergency department attendance at ' || coalesce(site.site_name, attendance.site_code)
    || coalesce(': ' || complaint.label, '')
    || case
        when attendance.left_before_treatment then ', left before treatment was complete'
        when attendance.discharge_group = 'short_stay_admitted' then ', admitted for a short stay'
        when attendance.discharge_group = 'short_stay' then ', short stay'
        when attendance.discharge_group = 'transfer' then ', transferred'
        when attendance.discharge_group is not null then ', ' || attendance.discharge_group
        when attendance.departed_at is null then ', no departure recorded'
        else ''
    end as title,
    case
        when coalesce(attendance.diagnosis_code, attendance.chief_complaint_code) is not null then 'snomed'
    end as code_system,
    coalesce(attendance.diagnosis_code, attendance.chief_complaint_code) as code,
    'diagnosis: ' || coalesce(diagnosis.label, 'SNOMED CT ' || attendance.diagnosis_code) as value_text,
    cast(null as {{ dbt.type_string() }}) as leads_from,
    attendance.feed_table,
    cast(null as timestamp) as received_at
from {{ ref('ed_attendance') }} as attendance
left join {{ ref('site') }} as site
    on attendance.site_code = site.site_code
left join {{ ref('clinical_term') }} as complaint
    on
        attendance.chief_complaint_code = complaint.code
        and complaint.code_system = 'snomed'
left join {{ ref('clinical_term') }} as diagnosis
    on
        attendance.diagnosis_code = diagnosis.code
        and diagnosis.code_system = 'snomed'
where attendance.person_id is not null
