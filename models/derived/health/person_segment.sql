-- One row per registered person and index date: the segment of the population that the person's highest
-- need belongs to (F 4.2, Bridges to Health; the rule is local: the national one is not public), the first
-- that fits.
{%- set facts = [
    'ON_PC', 'ON_DEM', 'ON_HF', 'ON_HF_LVSD', 'ON_COPD', 'ON_LD', 'ON_AUT', 'ON_MS', 'ON_MND', 'ON_CP',
    'ON_STIA', 'ON_SMI', 'ON_NDH', 'ON_HTN', 'ALCOHOL_35', 'BMI_30', 'CAREHOME', 'CKD_STAGE_5',
    'DELIVERY_12_MONTHS', 'DIALYSIS', 'DIASTOLIC_90', 'ENDOFLIFE', 'FRAIL_SEVERE', 'HEMIPLEGIA',
    'HOMEOXYGEN', 'METASTASIS_12_MONTHS', 'PREGNANT', 'SMOKER', 'SPINALINJ', 'SYSTOLIC_140',
    'TRANSPLANTWAIT', 'MENTAL_HEALTH_CASELOAD', 'LONG_TERM_SUPPORT', 'ED_ATTENDANCE_90_DAYS',
    'EMERGENCY_ADMISSION_90_DAYS', 'HOSPITAL_METASTATIC_CANCER', 'HOSPITAL_RENAL_FAILURE',
    'HOSPITAL_DECOMPENSATED_LIVER', 'HOSPITAL_ASCITES', 'HOSPITAL_CHRONIC_LIVER', 'HOSPITAL_HEMIPLEGIA',
    'HOSPITAL_MATERNITY',
] %}
{{ rows_follow_key('person_id', {
    'registered_person': 'person_id', 'person_fact': 'person_id', 'person_score': 'person_id', 'person_use': 'person_id',
}, partition='index_date', partitioned=[
    'registered_person', 'person_fact', 'person_score', 'person_use',
]) }}
with fact as (

    select
        person_id,
        {%- for one in facts %}
        max(case when fact = '{{ one }}' then times else 0 end) as {{ one | lower }},
        {%- endfor %}
        index_date
    from {{ ref('person_fact') }}
    group by person_id, index_date

),

known as (

    select
        registered.person_id,
        registered.index_date,
        registered.age_years,
        {%- for one in facts %}
        coalesce(fact.{{ one | lower }}, 0) as {{ one | lower }},
        {%- endfor %}
        score.ltc_count,
        score.cambridge_score,
        score.efi_band,
        score.hfrs_band,
        person_use.emergency_admission_count
    from {{ ref('registered_person') }} as registered
    inner join {{ ref('person_score') }} as score
        on registered.person_id = score.person_id and registered.index_date = score.index_date
    inner join {{ ref('person_use') }} as person_use
        on registered.person_id = person_use.person_id and registered.index_date = person_use.index_date
    left join fact
        on registered.person_id = fact.person_id and registered.index_date = fact.index_date

)

select
    person_id,
    index_date,
    case
        when on_pc + endoflife + metastasis_12_months + hospital_metastatic_cancer > 0 then '01'
        when
            on_dem + frail_severe > 0
            or efi_band = 'severe'
            or (hfrs_band = 'high' and age_years >= 75)
            or (carehome > 0 and age_years >= 65)
            then '02'
        when
            (on_hf > 0 and (emergency_admission_count > 0 or on_hf_lvsd > 0))
            or (on_copd > 0 and (homeoxygen > 0 or emergency_admission_count >= 2))
            or ckd_stage_5 + dialysis + hospital_renal_failure > 0
            or hospital_decompensated_liver + transplantwait > 0
            or (hospital_ascites > 0 and hospital_chronic_liver > 0)
            then '03'
        when
            on_ld + on_ms + on_mnd + on_cp + spinalinj > 0
            or (on_aut > 0 and long_term_support > 0)
            or (on_stia > 0 and hemiplegia + hospital_hemiplegia > 0)
            or (on_smi > 0 and mental_health_caseload > 0)
            then '04'
        when ltc_count >= 3 or cambridge_score >= 2.96 then '05'
        when ltc_count >= 1 then '06'
        when pregnant + delivery_12_months + hospital_maternity > 0 then '07'
        when emergency_admission_90_days > 0 or ed_attendance_90_days >= 2 then '08'
        when
            smoker + bmi_30 + on_ndh + alcohol_35 > 0
            or (on_htn = 0 and systolic_140 + diastolic_90 > 0)
            then '09'
        else '10'
    end as segment_code,
    carehome > 0 as is_care_home_resident,
    on_pc > 0 as is_palliative,
    smoker > 0 as is_smoker
from known
