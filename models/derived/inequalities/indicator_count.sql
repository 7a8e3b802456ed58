-- One row per index date, indicator, kind of group, group and five-year age band: people who are looked at,
-- and events or people in the numerator. All rates, standardised or not, are sums over these rows. People
-- in secondary use whose age is known only; who opted out is in left_out_people.
with told as (

    select
        told.person_id,
        told.index_date,
        told.indicator_id,
        told.events,
        indicator.source_kind = 'gap' as is_denominator
    from {{ ref('indicator_person') }} as told
    inner join {{ ref('phm_indicator') }} as indicator
        on told.indicator_id = indicator.indicator_id

),

day as (

    select distinct told.index_date
    from told

),

person as (

    select
        profile.person_id,
        profile.index_date,
        profile.age_years,
        case when permitted.person_id is not null then 1 else 0 end as is_in,
        {{ phm_group_columns(kinds=inequality_kinds()) }}
    from {{ ref('person_profile') }} as profile
    inner join day
        on profile.index_date = day.index_date
    left join {{ ref('person_for_research_and_planning') }} as permitted
        on profile.person_id = permitted.person_id
    where profile.age_years is not null

),

person_by_age as (

    {{ summed_by_phm_group('person', ['index_date', 'age_years'], {
        'people': 'is_in', 'left_out': '1 - is_in',
    }, inequality_kinds()) }}

),

told_person as (

    select
        person.*,
        told.indicator_id,
        told.is_denominator,
        told.events
    from told
    inner join person
        on told.person_id = person.person_id and told.index_date = person.index_date

),

{% set told_keys = ['index_date', 'indicator_id', 'is_denominator', 'age_years'] %}
told_by_age as (

    {{ summed_by_phm_group('told_person', told_keys, {
        'people': 'case when is_denominator then is_in else 0 end',
        'left_out': 'case when is_denominator then 1 - is_in else 0 end',
        'events': 'is_in * events',
    }, inequality_kinds()) }}

),

counted as (

    select
        told_by_age.group_kind,
        told_by_age.group_value,
        told_by_age.index_date,
        told_by_age.indicator_id,
        told_by_age.age_years,
        told_by_age.people,
        told_by_age.left_out,
        told_by_age.events
    from told_by_age
    union all
    -- Everybody of the age, but for standards of care, which say themselves for whom they are meant.
    select
        person_by_age.group_kind,
        person_by_age.group_value,
        person_by_age.index_date,
        indicator.indicator_id,
        person_by_age.age_years,
        person_by_age.people,
        person_by_age.left_out,
        0 as events
    from person_by_age
    inner join {{ ref('phm_indicator') }} as indicator
        on person_by_age.age_years between coalesce(indicator.min_age, 0) and coalesce(indicator.max_age, 120)
    where indicator.source_kind <> 'gap'

)

select
    counted.index_date,
    counted.indicator_id,
    counted.group_kind,
    counted.group_value,
    esp.age_band,
    esp.weight,
    cast(sum(counted.people) as integer) as people,
    cast(sum(counted.events) as integer) as events,
    cast(sum(counted.left_out) as integer) as left_out_people
from counted
inner join {{ ref('european_standard_population') }} as esp
    on counted.age_years between esp.age_from and esp.age_to
group by
    counted.index_date,
    counted.indicator_id,
    counted.group_kind,
    counted.group_value,
    esp.age_band,
    esp.weight
