-- One row per MedicationRequest resource as it stands now: a prescription issued. FHIR names the medicine
-- by its dm+d code; the BNF code is that of the medicine (seed gp_medicine).
{{ rows_follow_key('resource_id', {'fhir_practices.medication_requests': 'resource_id'}) }}
with records as (

    {{ current_records('fhir_practices', 'medication_requests') }}

)

select
    'fhir_medication_requests' as feed_table,
    records.resource_id,
    'fhir:' || records.resource_id as medication_order_id,
    'fhir:' || {{ fhir_reference('records.patient_reference') }} as gp_patient_id,
    records.issued_on,
    records.dmd_code,
    coalesce(medicine.medicine_name, trim(records.medication_name)) as medication_name,
    medicine.bnf_code,
    records.quantity,
    records.quantity_unit,
    records.duration_days,
    coalesce(records.therapy_type_code = 'continuous', false) as is_repeat,
    records._batch_id as batch_id,
    records._received_at as received_at
from records
left join {{ ref('gp_medicine') }} as medicine on records.dmd_code = medicine.dmd_code
