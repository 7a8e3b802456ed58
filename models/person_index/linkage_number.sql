-- One row per usable NHS number and profile that records give with it: whether the number is believed
-- there. The reference of a number is its profile on the GP list, else the one that names somebody in full
-- and that most records give. A record whose names, birth date and sex speak against it (a mother's number
-- on her baby, a slip of the pen that made somebody else's) does not get the number; nor does one that is
-- different in given name or birth date and exactly the reference of another number (a twin).
{%- set personal = linkage_comparisons() | rejectattr('household') | list %}
with weights as (
    {{ linkage_weights() }}
),

given as (

    select
        records.usable_nhs_number as nhs_number,
        records.profile_id,
        count(*) as records,
        max(case when records.is_registration then 1 else 0 end) as is_registration
    from {{ ref('person_record') }} as records
    where records.usable_nhs_number is not null
    group by records.usable_nhs_number, records.profile_id

),

ranked as (

    select
        given.nhs_number,
        given.records,
        profile.profile_id,
        profile.family_name_key,
        profile.given_name_key,
        profile.given_name_root,
        profile.birth_text,
        profile.sex_code,
        row_number() over (
            partition by given.nhs_number
            order by
                given.is_registration desc,
                case
                    when
                        profile.family_name_key is null
                        or profile.given_name_key is null
                        or profile.birth_text is null
                        then 1
                    else 0
                end,
                given.records desc,
                profile.profile_id
        ) as place
    from given
    inner join {{ ref('linkage_profile') }} as profile
        on given.profile_id = profile.profile_id

),

compared as (

    select
        ranked.nhs_number,
        ranked.profile_id,
        ranked.records,
        ranked.family_name_key,
        ranked.given_name_key,
        ranked.birth_text,
        {{ linkage_levels(personal, 'ranked', 'reference') }}
    from ranked
    inner join ranked as reference
        on ranked.nhs_number = reference.nhs_number and reference.place = 1
    where ranked.place > 1

),

weighed as (

    select
        compared.*,
        {%- for comparison in personal %}
        {{ weight_of_level(comparison, 'compared.' ~ comparison.name ~ '_level') }}{{ ' +' if not loop.last }}
        {%- endfor %} as weight,
        coalesce(compared.given_name_level = 0, false)
        or coalesce(compared.birth_date_level = 0, false) as differs
    from compared
    cross join weights

),

namesake as (

    select distinct
        family_name_key,
        given_name_key,
        birth_text
    from ranked
    where place = 1 and family_name_key is not null and given_name_key is not null and birth_text is not null

)

select
    nhs_number,
    profile_id,
    records,
    true as is_reference,
    cast(null as double) as weight,
    true as is_trusted
from ranked
where place = 1

union all

select
    weighed.nhs_number,
    weighed.profile_id,
    weighed.records,
    false as is_reference,
    weighed.weight,
    case
        when not weighed.differs then true
        when weighed.weight < {{ linkage_threshold('number_contradiction') }} then false
        else namesake.birth_text is null
    end as is_trusted
from weighed
left join namesake
    on
        weighed.family_name_key = namesake.family_name_key
        and weighed.given_name_key = namesake.given_name_key
        and weighed.birth_text = namesake.birth_text
