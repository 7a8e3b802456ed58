-- One row per prescription issued by a practice. The person is that of the patient record.
{{ rows_follow_key('issue_id', {
    'stg_primary_care__gp_medication': 'issue_id',
    'person_identity': through_input('stg_primary_care__gp_medication', {'gp_patient_id': 'record_id'}),
}) }}
select
    issues.issue_id,
    cast(issues.issue_id as {{ dbt.type_string() }}) as medication_order_id,
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
from {{ ref('stg_primary_care__gp_medication') }} as issues
inner join {{ ref('person_identity') }} as person_identity
    on
        issues.gp_patient_id = person_identity.record_id
        and person_identity.feed_table = 'gp_patients'
