-- One row per cohort, kind of group and group, at as_of: people, of how many, and their use of services and
-- cost in 12 months beside that of everybody in the group. People in secondary use only.
with person as (

    select
        profile.person_id,
        profile.index_date,
        coalesce(person_use.ed_attendance_count, 0) as ed_attendances,
        coalesce(person_use.emergency_admission_count, 0) as emergency_admissions,
        cast(coalesce(person_use.cost_pounds, 0) as decimal(18, 2)) as cost_pounds,
        {{ phm_group_columns() }}
    from {{ ref('person_profile') }} as profile
    inner join {{ ref('person_for_research_and_planning') }} as permitted
        on profile.person_id = permitted.person_id
    left join {{ ref('person_use') }} as person_use
        on
            profile.person_id = person_use.person_id
            and profile.index_date = person_use.index_date
    where profile.is_current

),

cohort_person as (

    select
        member.cohort_id,
        person.*
    from {{ ref('cohort_member') }} as member
    inner join person
        on member.person_id = person.person_id

),

{% set sums = {
    'people': '1', 'ed_attendances': 'ed_attendances', 'emergency_admissions': 'emergency_admissions',
    'cost_pounds': 'cost_pounds',
} %}
everybody as (

    {{ summed_by_phm_group('person', ['index_date'], sums) }}

),

cohort as (

    {{ summed_by_phm_group('cohort_person', ['cohort_id', 'index_date'], sums) }}

)

select
    cohort.cohort_id,
    cohort.index_date,
    cohort.group_kind,
    cohort.group_value,
    cast(cohort.people as integer) as people,
    cast(everybody.people as integer) as population,
    round(1000 * {{ safe_divide('cohort.people', 'everybody.people') }}, 1) as people_per_1000,
    cast(cohort.ed_attendances as integer) as ed_attendances,
    round(1000 * {{ safe_divide('cohort.ed_attendances', 'cohort.people') }}, 1) as ed_per_1000,
    round(1000 * {{ safe_divide('everybody.ed_attendances', 'everybody.people') }}, 1)
        as population_ed_per_1000,
    cast(cohort.emergency_admissions as integer) as emergency_admissions,
    round(1000 * {{ safe_divide('cohort.emergency_admissions', 'cohort.people') }}, 1) as emergency_per_1000,
    round(1000 * {{ safe_divide('everybody.emergency_admissions', 'everybody.people') }}, 1)
        as population_emergency_per_1000,
    cast(round(cohort.cost_pounds, 0) as double) as cost_pounds,
    round({{ safe_divide('cohort.cost_pounds', 'cohort.people') }}, 0) as cost_per_person,
    round({{ safe_divide('everybody.cost_pounds', 'everybody.people') }}, 0) as population_cost_per_person
from cohort
inner join everybody
    on
        cohort.group_kind = everybody.group_kind
        and cohort.group_value = everybody.group_value
        and cohort.index_date = everybody.index_date
