-- One row per prescription issued by a practice, whichever system it has. The person is that of the patient
-- record.
{{ rows_follow_key('medication_order_id', {
    'stg_primary_care__gp_medication': 'medication_order_id',
    'stg_fhir_practices__medication_requests': 'medication_order_id',
    'stg_fhir_practices__patients': through_input(
        'stg_fhir_practices__medication_requests', {'gp_patient_id': 'gp_patient_id'}
    ),
    'person_identity': through_input(
        ['stg_primary_care__gp_medication', 'stg_fhir_practices__medication_requests'], {'gp_patient_id': 'record_id'}
    ),
}) }}
with issues as (

    select
        medication_order_id,
        gp_patient_id,
        gp_practice_code,
        issued_on,
        dmd_code,
        medication_name,
        bnf_code,
        quantity,
        quantity_unit,
        duration_days,
        is_repeat,
        cost_pounds,
        feed_table
    from {{ ref('stg_primary_care__gp_medication') }}

    union all

    select
        requests.medication_order_id,
        requests.gp_patient_id,
        patients.gp_practice_code,
        requests.issued_on,
        requests.dmd_code,
        requests.medication_name,
        requests.bnf_code,
        requests.quantity,
        requests.quantity_unit,
        requests.duration_days,
        requests.is_repeat,
        cast(null as double) as cost_pounds,
        requests.feed_table
    from {{ ref('stg_fhir_practices__medication_requests') }} as requests
    inner join {{ ref('stg_fhir_practices__patients') }} as patients
        on requests.gp_patient_id = patients.gp_patient_id

)

select
    issues.medication_order_id,
    person_identity.person_id,
    issues.gp_practice_code,
    issues.issued_on,
    issues.dmd_code,
    issues.medication_name,
    issues.bnf_code,
    issues.quantity,
    issues.quantity_unit,
    issues.duration_days,
    issues.is_repeat,
    issues.cost_pounds,
    issues.feed_table
from issues
inner join {{ ref('person_identity') }} as person_identity
    on
        issues.gp_patient_id = person_identity.record_id
        and person_identity.feed_table in ('gp_patients', 'fhir_patients')
