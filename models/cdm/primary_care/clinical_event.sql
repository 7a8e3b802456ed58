-- One row per coded entry of a GP record that counts: not withdrawn, about the patient (not the family),
-- with a known code. The person is that of the patient record in which it stands.
{{ rows_follow_key('clinical_event_id', {
    'stg_primary_care__gp_events': 'clinical_event_id',
    'person_identity': through_input('stg_primary_care__gp_events', {'gp_patient_id': 'record_id'}),
}) }}
select
    events.clinical_event_id,
    person_identity.person_id,
    events.gp_practice_code,
    events.event_date,
    events.recorded_on,
    events.snomed_code,
    events.value_number,
    events.value_unit,
    events.is_problem,
    events.problem_ended_on,
    events.is_confidential,
    events.is_imported,
    events.feed_table,
    events.received_at
from {{ ref('stg_primary_care__gp_events') }} as events
inner join {{ ref('person_identity') }} as person_identity
    on
        events.gp_patient_id = person_identity.record_id
        and person_identity.feed_table = 'gp_patients'
where events.snomed_code is not null and not events.is_family_history
