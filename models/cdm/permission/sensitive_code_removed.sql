-- One row per feed table and group of restricted codes: how many records came with such a code, which the
-- common data model has without it (F 5.6). A record counts once in a group, a pathway once for all weeks of
-- the waiting list. It counts what was removed and names no code.
with told as (

    {% for model, key, code_system, codes in [
        ('stg_mseft__broomfield_spells', 'hospital_spell_id', 'icd10', 'primary_diagnosis_code'),
        ('stg_mseft__broomfield_spells', 'hospital_spell_id', 'icd10', 'secondary_diagnosis_codes'),
        ('stg_mseft__broomfield_spells', 'hospital_spell_id', 'treatment_function', 'treatment_function_code'),
        ('stg_mseft__southend_spells', 'hospital_spell_id', 'icd10', 'primary_diagnosis_code'),
        ('stg_mseft__southend_spells', 'hospital_spell_id', 'icd10', 'secondary_diagnosis_codes'),
        ('stg_mseft__southend_spells', 'hospital_spell_id', 'treatment_function', 'treatment_function_code'),
        ('stg_mseft__basildon_spells', 'hospital_spell_id', 'icd10', 'primary_diagnosis_code'),
        ('stg_mseft__basildon_spells', 'hospital_spell_id', 'icd10', 'secondary_diagnosis_codes'),
        ('stg_mseft__basildon_spells', 'hospital_spell_id', 'treatment_function', 'treatment_function_code'),
        ('stg_mseft__broomfield_ed_attendances', 'ed_attendance_id', 'snomed', 'diagnosis_code'),
        ('stg_mseft__broomfield_ed_attendances', 'ed_attendance_id', 'snomed', 'chief_complaint_code'),
        ('stg_mseft__southend_ed_attendances', 'ed_attendance_id', 'snomed', 'diagnosis_code'),
        ('stg_mseft__southend_ed_attendances', 'ed_attendance_id', 'snomed', 'chief_complaint_code'),
        ('stg_mseft__basildon_ed_attendances', 'ed_attendance_id', 'snomed', 'diagnosis_code'),
        ('stg_mseft__basildon_ed_attendances', 'ed_attendance_id', 'snomed', 'chief_complaint_code'),
        (
            'stg_mseft__outpatient_appointments', 'outpatient_appointment_id', 'treatment_function',
            'treatment_function_code'
        ),
        ('stg_mseft__waiting_list', 'pathway_id', 'treatment_function', 'treatment_function_code'),
        ('stg_primary_care__gp_events', 'clinical_event_id', 'snomed', 'snomed_code'),
        ('stg_fhir_practices__conditions', 'clinical_event_id', 'snomed', 'snomed_code'),
        ('stg_fhir_practices__observations', 'clinical_event_id', 'snomed', 'snomed_code'),
        ('stg_eput__mh_referrals', 'care_referral_id', 'mh_referral_reason', 'reason_code'),
        ('stg_nelft__mh_referrals', 'care_referral_id', 'mh_referral_reason', 'reason_code'),
    ] %}
    select
        feed_table,
        {{ key }} as record_id,
        '{{ code_system }}' as code_system,
        ';' || {{ codes }} || ';' as codes
    from {{ ref(model) }}
    where {{ has_sensitive_code(code_system, codes) }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

)

select
    told.feed_table,
    sensitive_code.code_group,
    count(distinct told.record_id) as records
from told
inner join {{ ref('sensitive_code') }} as sensitive_code
    on
        told.code_system = sensitive_code.code_system
        and sensitive_code.action = 'drop'
        and told.codes
        like '%;' || sensitive_code.code_prefix || {{ rest_of_sensitive_code('told.code_system') }}
group by told.feed_table, sensitive_code.code_group
