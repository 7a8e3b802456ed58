-- One row per person known to any partner: who it is, where registered, and what they objected to. Opt-outs
-- are shown, not applied: they are about other uses than direct care (F 5.3, 5.4).
with objection as (

    select
        person_id,
        min(case when opt_out_type = 'type_1' then since_date end) as type_1_opt_out_since,
        min(case when opt_out_type = 'national' then since_date end) as national_opt_out_since
    from {{ ref('opt_out') }}
    group by person_id

)

select
    person.person_id,
    person.nhs_number,
    person.family_name,
    person.given_name,
    person.birth_date,
    person.died_on,
    person.sex_code,
    sex.label as sex,
    ethnicity.label as ethnic_category,
    person.postcode,
    person.gp_practice_code,
    practice.gp_practice_name,
    practice.pcn_name,
    person.is_registered,
    registration.registered_on,
    objection.type_1_opt_out_since,
    objection.national_opt_out_since
from {{ ref('person') }} as person
left join {{ ref('registration') }} as registration
    on person.person_id = registration.person_id
left join {{ ref('gp_practice') }} as practice
    on person.gp_practice_code = practice.gp_practice_code
left join objection
    on person.person_id = objection.person_id
{{ left_join_code('gender', 'person.sex_code', 'sex') }}
{{ left_join_code('ethnic_category', 'person.ethnic_category_code', 'ethnicity') }}
