-- One row per prescription issued, whichever habit the practice has: where it sent the name alone, the
-- codes are those of the medicine of that name (seed gp_medicine).
{{ rows_follow_key('issue_id', {'primary_care.gp_medication': 'issue_id'}) }}
with records as (

    {{ current_records('primary_care', 'gp_medication') }}

)

select
    'gp_medication' as feed_table,
    records.issue_id,
    cast(records.issue_id as {{ dbt.type_string() }}) as medication_order_id,
    records.gp_practice_code,
    cast(records.patient_id as {{ dbt.type_string() }}) as gp_patient_id,
    records.issued_on,
    coalesce(records.dmd_code, medicine.dmd_code) as dmd_code,
    coalesce(medicine.medicine_name, trim(records.medication_name)) as medication_name,
    coalesce(records.bnf_code, medicine.bnf_code) as bnf_code,
    records.quantity,
    records.quantity_unit,
    records.duration_days,
    coalesce(records.is_repeat, false) as is_repeat,
    records.cost_pounds,
    records._batch_id as batch_id,
    records._received_at as received_at
from records
left join {{ ref('gp_medicine') }} as medicine
    on lower(trim(records.medication_name)) = lower(medicine.medicine_name)
