-- One row per hospital spell, admission to discharge at one trust.
with person as (

    {{ person_for_secondary_use('hospital_spell') }}

),

-- Obstetrics, midwifery and well babies have ways home of their own.
spell as (

    select
        hospital_spell.*,
        coalesce(patient_classification_code = '1', false)
        and coalesce(length_of_stay_days >= 1, false)
        and coalesce(discharge_method_code not in ('4', '5'), true)
        and coalesce(treatment_function_code not in ('501', '560', '424'), true) as is_inpatient_discharge,
        {{ timestamp_add('hour', 17, 'cast(discharge_date as timestamp)') }} as five_o_clock
    from {{ ref('hospital_spell') }} as hospital_spell

)

select
    {{ pseudonym('secondary_use', 'hospital_spell.hospital_spell_id') }} as hospital_spell_key,
    person.person_key,
    hospital_spell.organisation_code,
    hospital_spell.site_code,
    hospital_spell.admission_date,
    case
        when hospital_spell.has_admission_time
            then cast(extract(hour from hospital_spell.admitted_at_local) as integer)
    end as admission_hour,
    hospital_spell.discharge_date,
    {{ person_columns('hospital_spell') }},
    hospital_spell.admission_group,
    hospital_spell.admission_method_code,
    hospital_spell.patient_classification_code,
    {{ without_sensitive('treatment_function', 'hospital_spell.treatment_function_code', ['restrict']) }}
        as treatment_function_code,
    {{ without_sensitive('icd10', 'hospital_spell.primary_diagnosis_code', ['restrict']) }}
        as primary_diagnosis_code,
    hospital_spell.discharge_method_code,
    hospital_spell.discharge_destination_code,
    hospital_spell.discharge_ready_date,
    cast(hospital_spell.length_of_stay_days as integer) as length_of_stay_days,
    hospital_spell.is_open,
    hospital_spell.is_inpatient_discharge,
    hospital_spell.discharged_at_local <= hospital_spell.five_o_clock as is_discharged_by_17,
    case
        when
            hospital_spell.discharge_ready_date
            between hospital_spell.admission_date and hospital_spell.discharge_date
            then {{ days_between('hospital_spell.discharge_ready_date', 'hospital_spell.discharge_date') }}
    end as days_after_ready,
    coalesce(hospital_spell.has_covid, false) as is_covid,
    coalesce(hospital_spell.is_primary_covid, false) as is_primary_covid
from spell as hospital_spell
left join person
    on hospital_spell.person_id = person.person_id
