-- One row per person and index date on which the person lives and is on the list of a practice (F 2.12.1):
-- who is described on that day. The periods of registration speak; a person of whom none is known counts
-- from the newest list.
{{ rows_follow_key('person_id', {
    'registration_period': 'person_id', 'registration': 'person_id', 'person': 'person_id', 'hospital_spell': 'person_id',
}, partition='index_date', partitioned=['index_date']) }}
with period as (

    select
        registration_period.person_id,
        registration_period.gp_practice_code,
        registration_period.lsoa_code,
        coalesce(registration_period.registered_on, date '1900-01-01') as registered_on,
        coalesce(registration_period.ended_on, {{ no_end() }}) as ended_on
    from {{ ref('registration_period') }} as registration_period
    where
        registration_period.person_id is not null
        and coalesce(registration_period.registration_type_code, 'R') = 'R'

),

known as (

    select * from period
    union all
    select
        listed.person_id,
        listed.gp_practice_code,
        listed.lsoa_code,
        coalesce(listed.registered_on, date '1900-01-01') as registered_on,
        {{ no_end() }} as ended_on
    from {{ ref('registration') }} as listed
    left join (select distinct period.person_id from period) as told
        on listed.person_id = told.person_id
    where
        told.person_id is null
        and coalesce(listed.registration_type_code, 'R') = 'R'

),

hospital_death as (

    select
        spell.person_id,
        min(spell.discharge_date) as died_on
    from {{ ref('hospital_spell') }} as spell
    where
        spell.discharge_method_code = '4'
        and spell.person_id is not null
    group by spell.person_id

),

-- Least of two, where either may be missing.
life as (

    select
        person.person_id,
        person.birth_date,
        person.sex_code,
        person.ethnic_category_code,
        person.ethnic_group,
        person.lsoa_code,
        nullif(
            least(coalesce(person.died_on, {{ no_end() }}), coalesce(hospital_death.died_on, {{ no_end() }})),
            {{ no_end() }}
        ) as died_on
    from {{ ref('person') }} as person
    left join hospital_death
        on person.person_id = hospital_death.person_id

),

-- On several lists at once, the practice that the person joined last counts.
at_day as (

    select
        known.person_id,
        known.gp_practice_code,
        known.lsoa_code,
        known.registered_on,
        index_date.index_date,
        index_date.is_current,
        row_number() over (
            partition by known.person_id, index_date.index_date
            order by known.registered_on desc, known.ended_on desc, known.gp_practice_code, known.lsoa_code
        ) as preference
    from known
    inner join {{ ref('index_date') }} as index_date
        on
            known.registered_on <= index_date.index_date
            and known.ended_on > index_date.index_date

)

select
    at_day.person_id,
    at_day.index_date,
    at_day.is_current,
    {{ age_years('life.birth_date', 'at_day.index_date') }} as age_years,
    life.sex_code,
    life.ethnic_category_code,
    coalesce(life.ethnic_group, 'Unknown') as ethnic_group,
    at_day.gp_practice_code,
    coalesce(at_day.lsoa_code, life.lsoa_code) as lsoa_code,
    at_day.registered_on,
    life.died_on
from at_day
inner join life
    on at_day.person_id = life.person_id
where
    at_day.preference = 1
    and coalesce(life.died_on > at_day.index_date, true)
    and coalesce(life.birth_date <= at_day.index_date, true)
