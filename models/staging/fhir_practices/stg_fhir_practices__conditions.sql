-- One row per Condition resource as it stands now: a coded diagnosis in the shape of a practice's entry.
{{ rows_follow_key('resource_id', {'fhir_practices.conditions': 'resource_id'}) }}
with records as (

    {{ current_records('fhir_practices', 'conditions') }}

)

select
    'fhir_conditions' as feed_table,
    resource_id,
    'fhir:' || resource_id as clinical_event_id,
    'fhir:' || {{ fhir_reference('patient_reference') }} as gp_patient_id,
    {{ fhir_event_date('onset_date', 'recorded_on') }} as event_date,
    recorded_on,
    snomed_code,
    coalesce(category_code = 'problem-list-item', false) as is_problem,
    abatement_date as problem_ended_on,
    _batch_id as batch_id,
    _received_at as received_at
from records
