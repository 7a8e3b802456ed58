-- One row per registered person and care standard that is looked at for the person, at as_of (F 3.10, 4.1):
-- whether it is meant for the person, and what speaks against asking for it. On a register outside its
-- ages, under its score, or by hospital records alone: a row that is not eligible.
with population as (

    select
        profile.person_id,
        profile.index_date,
        profile.age_years,
        profile.sex_code,
        registration.registered_on
    from {{ ref('person_profile') }} as profile
    left join {{ ref('registration') }} as registration
        on profile.person_id = registration.person_id
    where
        profile.is_current
        -- Of a practice that sends no records nothing is known, so nothing is missing.
        and profile.gp_practice_code in (
            select event.gp_practice_code from {{ ref('clinical_event') }} as event
        )

),

on_register as (

    select
        register.person_id,
        register.register_code,
        register.since_date,
        register.evidence <> 'hospital' as is_told_by_gp
    from {{ ref('person_register') }} as register
    inner join population
        on
            register.person_id = population.person_id
            and register.index_date = population.index_date

),

condition as (

    select
        person_id,
        {{ condition_flag('HF') }},
        {{ condition_flag('HTN') }},
        {{ condition_flag('DM') }},
        {{ condition_flag('STIA') }},
        {{ condition_flag('CHD') }},
        {{ condition_flag('PAD') }},
        {{ condition_flag('PC') }}
    from on_register
    group by person_id

),

part as (

    select *
    from {{ ref('care_gap_part') }}

),

-- Of people on one of the registers of a standard, and of everybody of the right age where it has none.
subject as (

    select
        on_register.person_id,
        part.gap_code,
        max(case when on_register.is_told_by_gp then 1 else 0 end) = 1 as is_told_by_gp,
        min(case when on_register.is_told_by_gp then on_register.since_date end) as since_date
    from on_register
    inner join part
        on
            on_register.register_code = part.code
            and part.role = 'register'
    group by on_register.person_id, part.gap_code
    union all
    select
        population.person_id,
        rule.gap_code,
        true as is_told_by_gp,
        cast(null as date) as since_date
    from population
    inner join {{ ref('care_gap_rule') }} as rule
        on {{ age_in_range('population.age_years', 'rule') }}
    where rule.gap_code not in (select part.gap_code from part where part.role = 'register')

)

select
    subject.person_id,
    population.index_date,
    subject.gap_code,
    population.age_years,
    subject.is_told_by_gp
    and {{ age_in_range('population.age_years', 'rule') }}
    and (
        score.gap_code is null
        or {{ cha2ds2_vasc(
            'population.age_years', 'population.sex_code',
            'condition.has_hf', 'condition.has_htn', 'condition.has_dm', 'condition.has_stia',
            '(condition.has_chd or condition.has_pad)'
        ) }} >= score.limit_value
    ) as is_eligible,
    nullif(substr(
        case when against.is_declined then ', declined' else '' end
        || case
            when population.registered_on > {{ window_start('population.index_date', 'rule.settle_months') }}
                then ', newly_registered'
            else ''
        end
        || case
            when subject.since_date > {{ window_start('population.index_date', 'rule.settle_months') }}
                then ', newly_diagnosed'
            else ''
        end
        || case when condition.has_pc then ', palliative' else '' end,
        3
    ), '') as exclusion_reasons
from subject
inner join population
    on subject.person_id = population.person_id
inner join {{ ref('care_gap_rule') }} as rule
    on subject.gap_code = rule.gap_code
left join condition
    on subject.person_id = condition.person_id
left join part as score
    on
        subject.gap_code = score.gap_code
        and score.role = 'score'
left join {{ ref('care_gap_objection') }} as against
    on
        subject.person_id = against.person_id
        and subject.gap_code = against.gap_code
where not coalesce(against.is_left_out, false)
