-- One row per call to NHS 111 or 111 online case, as it stands now: latest version, standard codes, local
-- clock.
{{ rows_follow_key('urgent_call_id', {'ic24.calls': 'call_id'}) }}
with records as (

    {{ current_patients('ic24', 'calls') }}

)

select
    'calls' as feed_table,
    call_id as urgent_call_id,
    {{ patient_columns('ic24', 'calls') }},
    {{ standard_code('ic24', 'calls', 'channel') }} as channel,
    offered_at as offered_at_local,
    answered_at as answered_at_local,
    abandoned_at as abandoned_at_local,
    {{ standard_code('ic24', 'calls', 'triaged_by') }} as triaged_by,
    had_clinical_contact,
    disposition_code,
    {{ standard_code('ic24', 'calls', 'disposition_group') }} as disposition_group,
    is_revalidated,
    {{ standard_code('ic24', 'calls', 'booked_service') }} as booked_service,
    {{ incident_number_key('ambulance_incident_number') }} as incident_number_key,
    _batch_id as batch_id,
    _received_at as received_at
from records
