-- One row per person, index date and register that the GP record puts the person on (F 4.1): a rule of it
-- holds on the day, at the right age, and nothing speaks against it.
{{ rows_follow_key('person_id', {
    'registered_person': 'person_id', 'register_rule_period': 'person_id', 'gp_health_period': 'person_id',
    'person': 'person_id',
}, partition='index_date', partitioned=['registered_person']) }}
select
    registered.person_id,
    registered.index_date,
    registered.registered_on,
    rule_period.register_code,
    min(rule_period.since_date) as since_date
from {{ ref('register_rule_period') }} as rule_period
inner join {{ ref('registered_person') }} as registered
    on
        rule_period.person_id = registered.person_id
        and rule_period.valid_from <= registered.index_date
        and rule_period.valid_until > registered.index_date
left join {{ ref('person') }} as person
    on rule_period.person_id = person.person_id
left join {{ ref('gp_health_period') }} as contrary
    on
        rule_period.person_id = contrary.person_id
        and rule_period.not_with_state_code = contrary.state_code
        and registered.index_date >= contrary.valid_from
        and registered.index_date < contrary.valid_until
where
    contrary.state_code is null
    and (rule_period.age_from = 0 or registered.age_years >= rule_period.age_from)
    and coalesce(registered.age_years, 0) <= rule_period.age_to
    and (
        rule_period.age_from_at_first_code is null
        or rule_period.age_from_at_first_code
        <= {{ age_years('person.birth_date', 'rule_period.since_date') }}
    )
    -- Asian, Black, Chinese, and mixed with one such parent: a BMI of 27.5 counts.
    and (
        not rule_period.only_lower_bmi_ethnicity
        or registered.ethnic_category_code in ('D', 'E', 'F', 'H', 'J', 'K', 'L', 'M', 'N', 'P', 'R')
    )
group by registered.person_id, registered.index_date, registered.registered_on, rule_period.register_code
