-- One row per person known to any partner, under a key that means nothing outside secondary use: no name,
-- number, birth date or postcode, and nobody who opted out (F 5.3). The age is that at as_of; facts carry the
-- age at the event.
with described as (

    select
        person.person_id,
        {{ age_years('person.birth_date', as_of_date()) }} as age_years,
        person.sex_code,
        person.ethnic_group,
        person.lsoa_code,
        person.gp_practice_code,
        person.is_registered
    from {{ ref('person') }} as person
    inner join {{ ref('person_for_research_and_planning') }} as permitted
        on person.person_id = permitted.person_id

)

select
    {{ pseudonym('secondary_use', 'described.person_id') }} as person_key,
    described.age_years,
    {{ age_band('described.age_years') }} as age_band,
    described.sex_code,
    coalesce(described.ethnic_group, 'unknown') as ethnic_group,
    described.lsoa_code,
    lsoa.district_code,
    lsoa.district_name,
    lsoa.sub_icb_code as residence_sub_icb_code,
    lsoa.imd_decile,
    lsoa.imd_quintile,
    described.gp_practice_code,
    gp_practice.pcn_code,
    gp_practice.sub_icb_code as registered_sub_icb_code,
    described.is_registered
from described
left join {{ ref('lsoa') }} as lsoa
    on described.lsoa_code = lsoa.lsoa_code
left join {{ ref('gp_practice') }} as gp_practice
    on described.gp_practice_code = gp_practice.gp_practice_code
