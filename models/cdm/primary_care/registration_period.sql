-- One row per stretch of registration of a person with a practice, past and present: a patient record of a
-- practice. A person can have two that are open: the former practice did not take notice (F 2.12).
{{ rows_follow_key('registration_period_id', {
    'stg_primary_care__gp_patients': 'gp_patient_id',
    'person_identity': 'record_id',
}) }}
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
from {{ ref('stg_primary_care__gp_patients') }} as patients
inner join {{ ref('person_identity') }} as person_identity
    on
        patients.gp_patient_id = person_identity.record_id
        and person_identity.feed_table = 'gp_patients'
