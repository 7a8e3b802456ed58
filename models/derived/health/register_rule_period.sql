-- One row per person, alternative of a register's rule and stretch of time in which everything that it asks
-- of codes and medicines holds (F 4.1, seed register_rule); `since_date` is the day of the code that began
-- it. Age, and what must not hold beside it, are asked on the day: person_register.
{{ rows_follow_key('person_id', {'gp_health_period': 'person_id', 'medicine_period': 'person_id'}) }}
with state as (

    {{ states_of_gp_record() }}

)

select
    main.person_id,
    rule.register_code,
    rule.alternative,
    main.valid_from as since_date,
    greatest(
        main.valid_from,
        coalesce(also.valid_from, main.valid_from),
        coalesce(third.valid_from, main.valid_from)
    ) as valid_from,
    least(
        main.valid_until,
        coalesce(also.valid_until, main.valid_until),
        coalesce(third.valid_until, main.valid_until)
    ) as valid_until,
    rule.not_with_state_code,
    rule.age_from,
    coalesce(rule.age_to, 999) as age_to,
    rule.age_from_at_first_code,
    rule.only_lower_bmi_ethnicity
from {{ ref('register_rule') }} as rule
inner join state as main
    on rule.state_code = main.state_code
left join state as also
    on
        main.person_id = also.person_id
        and rule.also_needs_state_code = also.state_code
        and main.valid_from < also.valid_until
        and main.valid_until > also.valid_from
left join state as third
    on
        main.person_id = third.person_id
        and rule.third_needs_state_code = third.state_code
        and main.valid_from < third.valid_until
        and main.valid_until > third.valid_from
where
    (rule.also_needs_state_code is null or also.state_code is not null)
    and (rule.third_needs_state_code is null or third.state_code is not null)
