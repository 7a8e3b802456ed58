-- One row per profile: a set of names, birth date, sex, postcode and practice that records give together.
-- What the index compares. A nickname stands for its name in given_name_root.
with profiles as (

    select
        profile_id,
        min(family_name_key) as family_name_key,
        min(given_name_key) as given_name_key,
        cast(min(birth_date) as {{ dbt.type_string() }}) as birth_text,
        min(case when sex_code in ('1', '2') then sex_code end) as sex_code,
        min(case when postcode not like 'ZZ99%' then postcode end) as postcode,
        min(gp_practice_code) as gp_practice_code
    from {{ ref('person_record') }}
    group by profile_id

)

select
    profiles.profile_id,
    profiles.family_name_key,
    profiles.given_name_key,
    coalesce(nickname.given_name, profiles.given_name_key) as given_name_root,
    profiles.birth_text,
    profiles.sex_code,
    profiles.postcode,
    profiles.gp_practice_code
from profiles
left join {{ ref('linkage_nickname') }} as nickname
    on profiles.given_name_key = nickname.nickname
