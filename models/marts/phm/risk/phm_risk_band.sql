-- One row per kind of group, group and band of risk (F 4.7): how many people at as_of, and how many of
-- them are to be admitted in the next 12 months. People who have opted out are left out, and counted as
-- left out.
{%- set groups = [
    ('all', "'all'"),
    ('place', "coalesce(profile.sub_icb_code, 'unknown')"),
    ('pcn', "coalesce(profile.pcn_code, 'unknown')"),
    ('practice', "coalesce(profile.gp_practice_code, 'unknown')"),
    ('imd_decile', "coalesce(cast(profile.imd_decile as " ~ dbt.type_string() ~ "), 'unknown')"),
    ('ethnic_group', "coalesce(profile.ethnic_group, 'unknown')"),
    ('age_band', age_band('profile.age_years')),
] %}
with people as (

    select
        score.risk_band,
        score.probability,
        {%- for name, sql in groups %}
        {{ sql }} as in_{{ name }},
        {%- endfor %}
        case when allowed.person_id is not null then 1 else 0 end as is_in
    from {{ ref('risk_score') }} as score
    inner join {{ ref('person_profile') }} as profile
        on score.person_id = profile.person_id and score.index_date = profile.index_date
    left join {{ ref('person_for_research_and_planning') }} as allowed
        on score.person_id = allowed.person_id
    where score.role = 'score'

),

counted as (

    {%- for name, sql in groups %}
    select
        '{{ name }}' as group_kind,
        in_{{ name }} as group_name,
        risk_band,
        sum(is_in) as people,
        sum(1 - is_in) as people_left_out,
        round(sum(case when is_in = 1 then probability else 0 end), 6) as expected_admitted_people
    from people
    group by in_{{ name }}, risk_band
    {{ 'union all' if not loop.last }}
    {%- endfor %}

)

select
    group_kind,
    group_name,
    risk_band,
    cast(people as integer) as people,
    cast(sum(people) over (partition by group_kind, group_name) as integer) as group_people,
    cast(people_left_out as integer) as people_left_out,
    expected_admitted_people
from counted
