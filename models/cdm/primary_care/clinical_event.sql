-- One row per coded entry of a GP record that counts, whichever system it stands in: not withdrawn, about the
-- patient (not the family), with a known code. The person is that of the patient record in which it stands.
{% set fhir = ['stg_fhir_practices__conditions', 'stg_fhir_practices__observations'] %}
{% set entries = fhir + ['stg_primary_care__gp_events'] %}
{{ rows_follow_key('clinical_event_id', inputs_named(entries, 'clinical_event_id', {
    'stg_fhir_practices__patients': through_input(fhir, {'gp_patient_id': 'gp_patient_id'}),
    'person_identity': through_input(entries, {'gp_patient_id': 'record_id'}),
})) }}
with entries as (

    select
        clinical_event_id,
        gp_patient_id,
        gp_practice_code,
        event_date,
        recorded_on,
        snomed_code,
        value_number,
        value_unit,
        is_problem,
        problem_ended_on,
        is_confidential,
        is_imported,
        feed_table,
        received_at
    from {{ ref('stg_primary_care__gp_events') }}
    where snomed_code is not null and not is_family_history

    union all

    select
        conditions.clinical_event_id,
        conditions.gp_patient_id,
        patients.gp_practice_code,
        conditions.event_date,
        conditions.recorded_on,
        conditions.snomed_code,
        cast(null as double) as value_number,
        cast(null as {{ dbt.type_string() }}) as value_unit,
        conditions.is_problem,
        conditions.problem_ended_on,
        false as is_confidential,
        false as is_imported,
        conditions.feed_table,
        conditions.received_at
    from {{ ref('stg_fhir_practices__conditions') }} as conditions
    inner join {{ ref('stg_fhir_practices__patients') }} as patients
        on conditions.gp_patient_id = patients.gp_patient_id

    union all

    select
        observations.clinical_event_id,
        observations.gp_patient_id,
        patients.gp_practice_code,
        observations.event_date,
        observations.recorded_on,
        observations.snomed_code,
        observations.value_number,
        observations.value_unit,
        false as is_problem,
        cast(null as date) as problem_ended_on,
        false as is_confidential,
        false as is_imported,
        observations.feed_table,
        observations.received_at
    from {{ ref('stg_fhir_practices__observations') }} as observations
    inner join {{ ref('stg_fhir_practices__patients') }} as patients
        on observations.gp_patient_id = patients.gp_patient_id

)

select
    entries.clinical_event_id,
    person_identity.person_id,
    entries.gp_practice_code,
    entries.event_date,
    entries.recorded_on,
    entries.snomed_code,
    entries.value_number,
    entries.value_unit,
    entries.is_problem,
    entries.problem_ended_on,
    entries.is_confidential,
    entries.is_imported,
    entries.feed_table,
    entries.received_at
from entries
inner join {{ ref('person_identity') }} as person_identity
    on
        entries.gp_patient_id = person_identity.record_id
        and person_identity.feed_table in ('gp_patients', 'fhir_patients')
-- F 5.6: what statute restricts is kept with the practice that wrote it.
where not {{ is_sensitive_code('snomed', 'entries.snomed_code') }}
