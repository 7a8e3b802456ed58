-- One row per person in secondary use and snapshot (the day of as_of and 13 month ends): who the person is
-- without being anybody, registers, scores, segment, use of services and cost in 12 months. No number,
-- name, birth date or postcode. Who opted out is left out: phm_population says how many.
{%- set registers = [
    'AF', 'AST', 'CAN', 'CHD', 'CKD', 'COPD', 'DEM', 'DEP', 'DM', 'EP', 'HF', 'HTN', 'LD', 'NDH', 'OB', 'OST', 'PAD', 'PC',
    'RA', 'SMI', 'STIA',
] %}
with person as (

    select
        permitted.person_id,
        {{ pseudonym('population_health', 'permitted.person_id') }} as person_key
    from {{ ref('person_for_research_and_planning') }} as permitted

),

snapshot as (

    {{ snapshot_dates() }}

),

register as (

    select
        on_register.person_id,
        on_register.index_date,
        {%- for code in registers %}
        max(case when on_register.register_code = '{{ code }}' then 1 else 0 end) as on_{{ code | lower }},
        {%- endfor %}
        max(case when on_register.register_code = 'DM' then on_register.subtype end) as diabetes_type
    from {{ ref('person_register') }} as on_register
    inner join snapshot
        on on_register.index_date = snapshot.index_date
    group by on_register.person_id, on_register.index_date

)

select
    person.person_key,
    profile.index_date,
    profile.is_current,
    profile.age_years,
    {{ age_band('profile.age_years') }} as age_band,
    profile.sex_code,
    profile.ethnic_group,
    profile.lsoa_code,
    profile.imd_decile,
    lsoa.imd_quintile,
    profile.gp_practice_code,
    profile.pcn_code,
    profile.sub_icb_code,
    gp_practice.alliance,
    profile.is_core20,
    profile.is_care_home_resident,
    profile.is_palliative,
    profile.is_smoker,
    profile.latest_bmi,
    {%- for code in registers %}
    coalesce(register.on_{{ code | lower }} = 1, false) as is_on_{{ code | lower }},
    {%- endfor %}
    register.diabetes_type,
    score.ltc_count,
    score.charlson_score,
    score.charlson_score_2011,
    score.hfrs_tenths,
    score.hfrs_band,
    score.efi_deficit_count,
    score.efi_band,
    score.cambridge_score,
    score.cambridge_category,
    score.repeat_medicine_count,
    profile.segment_code,
    segment.segment_name,
    person_use.ed_attendance_count,
    person_use.ambulance_count,
    person_use.call_111_count,
    person_use.emergency_admission_count,
    person_use.elective_admission_count,
    person_use.bed_days,
    person_use.outpatient_count,
    person_use.outpatient_dna_count,
    person_use.gp_appointment_count,
    person_use.community_contact_count,
    person_use.mental_health_contact_count,
    person_use.has_social_care,
    person_use.cost_pounds
from {{ ref('person_profile') }} as profile
inner join snapshot
    on profile.index_date = snapshot.index_date
inner join person
    on profile.person_id = person.person_id
inner join {{ ref('person_score') }} as score
    on profile.person_id = score.person_id and profile.index_date = score.index_date
inner join {{ ref('person_use') }} as person_use
    on profile.person_id = person_use.person_id and profile.index_date = person_use.index_date
inner join {{ ref('segment') }} as segment
    on profile.segment_code = segment.segment_code
left join register
    on profile.person_id = register.person_id and profile.index_date = register.index_date
left join {{ ref('lsoa') }} as lsoa
    on profile.lsoa_code = lsoa.lsoa_code
left join {{ ref('gp_practice') }} as gp_practice
    on profile.gp_practice_code = gp_practice.gp_practice_code
