-- One row per 999 incident, as it stands now: latest version, standard outcome, local clock.
{{ rows_follow_key('ambulance_incident_id', {'eeast.incidents': 'incident_id'}) }}
with records as (

    {{ current_patients('eeast', 'incidents') }}

)

select
    'incidents' as feed_table,
    incident_id as ambulance_incident_id,
    {{ incident_number_key('incident_id') }} as incident_number_key,
    coalesce({{ standard_code('eeast', 'incidents', 'is_test_call') }} = 'Y', false) as is_test_call,
    {{ patient_columns('eeast', 'incidents') }},
    {{ postcode_clean('incident_postcode') }} as incident_postcode,
    {{ standard_code('eeast', 'incidents', 'category_code') }} as category_code,
    {{ standard_code('eeast', 'incidents', 'outcome_code') }} as outcome,
    upper(receiving_site_code) as receiving_site_code,
    call_connect_at as call_connect_at_local,
    problem_identified_at as problem_identified_at_local,
    first_resource_assigned_at as first_resource_assigned_at_local,
    first_on_scene_at as first_on_scene_at_local,
    conveying_on_scene_at as conveying_on_scene_at_local,
    left_scene_at as left_scene_at_local,
    arrived_hospital_at as arrived_hospital_at_local,
    handover_at as handover_at_local,
    clear_at as clear_at_local,
    _batch_id as batch_id,
    _received_at as received_at
from records
