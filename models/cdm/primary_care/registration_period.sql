-- One row per stretch of registration of a person with a practice, past and present: a patient record of a
-- practice. A person can have two that are open: the former practice did not take notice (F 2.12).
{{ rows_follow_key('registration_period_id', {
    'stg_primary_care__gp_patients': 'gp_patient_id',
    'stg_fhir_practices__patients': 'gp_patient_id',
    'person_identity': 'record_id',
}) }}
with patients as (
    {% for model in ['stg_primary_care__gp_patients', 'stg_fhir_practices__patients'] %}
    select
        gp_patient_id,
        gp_practice_code,
        registered_on,
        ended_on,
        {{ 'registration_type_code' if loop.first else "'R'" }} as registration_type_code,
        end_reason,
        lsoa_code,
        died_on,
        feed_table
    from {{ ref(model) }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select
    patients.gp_patient_id as registration_period_id,
    person_identity.person_id,
    patients.gp_practice_code,
    patients.registered_on,
    patients.ended_on,
    patients.registration_type_code,
    case when patients.ended_on is not null then coalesce(patients.end_reason, 'other') end as end_reason,
    patients.lsoa_code,
    patients.died_on,
    patients.feed_table
from patients
inner join {{ ref('person_identity') }} as person_identity
    on
        patients.gp_patient_id = person_identity.record_id
        and patients.feed_table = person_identity.feed_table
