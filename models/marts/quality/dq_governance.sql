-- One row per thing that an information governance lead asks: how many people opted out and are left out, how
-- many records lost a restricted code, how many people of secondary use stand in a group of fewer than five.
with person as (

    select
        person.person_id,
        coalesce(person.gp_practice_code, 'none') as gp_practice_code,
        case when permitted.person_id is null then 1 else 0 end as is_left_out
    from {{ ref('person') }} as person
    left join {{ ref('person_for_research_and_planning') }} as permitted
        on person.person_id = permitted.person_id

),

opt_out as (

    select
        opt_out_type,
        count(*) as people
    from {{ ref('opt_out') }}
    group by opt_out_type

),

-- F 5.2: what a stranger may know of a neighbour.
alike as (

    select count(*) as people
    from {{ ref('dim_person') }}
    group by age_band, sex_code, lsoa_code, ethnic_group

),

everybody as (

    select
        count(*) as people,
        sum(is_left_out) as left_out
    from person

)

select
    'opted_out' as measure,
    opt_out.opt_out_type as subject,
    cast(opt_out.people as bigint) as found,
    cast(everybody.people as bigint) as out_of
from opt_out
cross join everybody
union all
select
    'left_out_of_secondary_use' as measure,
    'ALL' as subject,
    cast(coalesce(everybody.left_out, 0) as bigint) as found,
    cast(everybody.people as bigint) as out_of
from everybody
union all
select
    'left_out_of_secondary_use' as measure,
    person.gp_practice_code as subject,
    cast(sum(person.is_left_out) as bigint) as found,
    cast(count(*) as bigint) as out_of
from person
group by person.gp_practice_code
union all
select
    'restricted_code_removed' as measure,
    removed.feed_table || ': ' || removed.code_group as subject,
    cast(removed.records as bigint) as found,
    cast(null as bigint) as out_of
from {{ ref('sensitive_code_removed') }} as removed
union all
select
    'in_a_group_of_fewer_than_five' as measure,
    'dim_person by age band, sex, area and ethnic group' as subject,
    cast(coalesce(sum(case when alike.people < 5 then alike.people else 0 end), 0) as bigint) as found,
    cast(coalesce(sum(alike.people), 0) as bigint) as out_of
from alike
