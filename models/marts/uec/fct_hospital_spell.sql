-- One row per hospital spell, admission to discharge at one trust.
with person as (

    {{ person_for_secondary_use('hospital_spell') }}

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
    hospital_spell.age_years,
    {{ age_band('hospital_spell.age_years') }} as age_band,
    hospital_spell.sex_code,
    person.ethnic_group,
    person.imd_decile,
    person.imd_quintile,
    person.registered_sub_icb_code,
    hospital_spell.admission_group,
    hospital_spell.admission_method_code,
    hospital_spell.patient_classification_code,
    hospital_spell.treatment_function_code,
    hospital_spell.primary_diagnosis_code,
    hospital_spell.discharge_method_code,
    hospital_spell.discharge_destination_code,
    hospital_spell.discharge_ready_date,
    cast(hospital_spell.length_of_stay_days as integer) as length_of_stay_days,
    hospital_spell.is_open,
    coalesce(hospital_spell.has_covid, false) as is_covid,
    coalesce(hospital_spell.is_primary_covid, false) as is_primary_covid
from {{ ref('hospital_spell') }} as hospital_spell
left join person
    on hospital_spell.person_id = person.person_id
