-- One row per snapshot, register, kind of group and group: how many are on the register, of how many of the
-- age that it is for (F 4.1), and the prevalence in England. People in secondary use only.
with person as (

    select
        profile.person_id,
        profile.index_date,
        profile.age_years,
        {{ phm_group_columns() }}
    from {{ ref('person_profile') }} as profile
    inner join ({{ snapshot_dates() }}) as snapshot
        on profile.index_date = snapshot.index_date
    inner join {{ ref('person_for_research_and_planning') }} as permitted
        on profile.person_id = permitted.person_id

),

-- People by age first, so that each register asks for ages and not for people.
person_by_age as (

    {{ summed_by_phm_group('person', ['index_date', 'age_years'], {'people': '1'}) }}

),

denominator as (

    select
        person_by_age.index_date,
        register.register_code,
        person_by_age.group_kind,
        person_by_age.group_value,
        sum(person_by_age.people) as people
    from person_by_age
    inner join {{ ref('health_register') }} as register
        on
            (register.denominator_age_from = 0 or person_by_age.age_years >= register.denominator_age_from)
            and coalesce(person_by_age.age_years, 0) <= coalesce(register.denominator_age_to, 999)
    group by
        person_by_age.index_date, register.register_code, person_by_age.group_kind, person_by_age.group_value

),

registered as (

    select
        person.*,
        on_register.register_code
    from {{ ref('person_register') }} as on_register
    inner join person
        on on_register.person_id = person.person_id and on_register.index_date = person.index_date

),

numerator as (

    {{ summed_by_phm_group('registered', ['index_date', 'register_code'], {'people': '1'}) }}

)

select
    denominator.index_date,
    denominator.register_code,
    register.register_name,
    register.is_qof,
    register.is_ltc,
    denominator.group_kind,
    denominator.group_value,
    cast(coalesce(numerator.people, 0) as integer) as numerator,
    cast(denominator.people as integer) as denominator,
    100 * {{ safe_divide('coalesce(numerator.people, 0)', 'denominator.people') }} as prevalence_percent,
    100 * {{ wilson_lower('coalesce(numerator.people, 0)', 'denominator.people') }} as lower_95_percent,
    100 * {{ wilson_upper('coalesce(numerator.people, 0)', 'denominator.people') }} as upper_95_percent,
    register.england_prevalence_percent
from denominator
inner join {{ ref('health_register') }} as register
    on denominator.register_code = register.register_code
left join numerator
    on
        denominator.index_date = numerator.index_date
        and denominator.register_code = numerator.register_code
        and denominator.group_kind = numerator.group_kind
        and denominator.group_value = numerator.group_value
