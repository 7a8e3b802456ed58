-- One row per urgent-care journey: from the first contact (111, 999, the front door, a direct admission) over
-- ambulance, emergency department, ward and community bed to care at home, across partners, with every wait
-- and the one that cost most.
with person as (

    {{ person_for_secondary_use('urgent_care_pathway') }}

)

select
    {{ pseudonym('secondary_use', 'pathway.urgent_care_pathway_id') }} as pathway_key,
    person.person_key,
    pathway.first_contact,
    pathway.started_on as started_date,
    pathway.started_hour as started_at_hour,
    pathway.site_code,
    {{ pseudonym('secondary_use', 'pathway.urgent_call_id') }} as urgent_call_key,
    {{ pseudonym('secondary_use', 'pathway.ambulance_incident_id') }} as ambulance_incident_key,
    {{ pseudonym('secondary_use', 'pathway.ed_attendance_id') }} as ed_attendance_key,
    {{ pseudonym('secondary_use', 'pathway.hospital_spell_id') }} as hospital_spell_key,
    {{ pseudonym('secondary_use', 'pathway.transfer_spell_id') }} as transfer_spell_key,
    {{ pseudonym('secondary_use', 'pathway.second_transfer_spell_id') }} as second_transfer_spell_key,
    {{ pseudonym('secondary_use', 'pathway.inpatient_stay_id') }} as inpatient_stay_key,
    {{ pseudonym('secondary_use', 'pathway.care_package_request_id') }} as care_package_request_key,
    pathway.urgent_call_id is not null as has_urgent_call,
    pathway.ambulance_incident_id is not null as has_ambulance_incident,
    pathway.ed_attendance_id is not null as has_ed_attendance,
    pathway.hospital_spell_id is not null as has_hospital_spell,
    pathway.transfer_spell_id is not null as has_transfer,
    pathway.inpatient_stay_id is not null as has_inpatient_stay,
    pathway.care_package_request_id is not null as has_care_package,
    cast(pathway.call_count as integer) as call_count,
    {%- for wait in pathway_waits() %}
    pathway.{{ wait.step }}_minutes,
    {%- endfor %}
    pathway.total_wait_minutes,
    cast(pathway.unknown_wait_count as integer) as unknown_wait_count,
    pathway.waiting_for,
    pathway.costliest_wait,
    pathway.costliest_wait_minutes,
    pathway.blocked_at_organisation_code,
    pathway.blocked_at_site_code,
    pathway.discharge_pathway_code,
    pathway.delay_reason_code,
    pathway.outcome,
    pathway.is_complete,
    pathway.is_covid,
    {{ person_columns('pathway') }}
from {{ ref('urgent_care_pathway') }} as pathway
left join person
    on pathway.person_id = person.person_id
