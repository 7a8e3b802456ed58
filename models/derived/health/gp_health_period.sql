-- One row per person, state of health and stretch of time in which the GP record says so (F 4.1): from the
-- day of a code that puts it on until the day of one that takes it off. Two kinds of code on the same day
-- cancel each other, unless the state is said to win (diabetes type 1). Which codes and values do what is
-- data: seed health_state.
{{ rows_follow_key('person_id', {'clinical_event': 'person_id'}) }}
with meaning as (

    select
        code_cluster.snomed_code,
        health_state.state_code,
        health_state.role,
        health_state.value_from,
        health_state.value_below,
        health_state.counts_from,
        health_state.lasts_months,
        health_state.same_day_is_on
    from {{ ref('health_state') }} as health_state
    inner join {{ ref('code_cluster') }} as code_cluster
        on
            health_state.cluster_id = code_cluster.cluster_id
            and coalesce(health_state.snomed_code, code_cluster.snomed_code) = code_cluster.snomed_code

),

-- A diagnosis without a day counts from the day on which it was entered.
told as (

    select
        event.person_id,
        meaning.state_code,
        coalesce(event.event_date, event.recorded_on) as on_date,
        max(case when meaning.role = 'on' then 1 else 0 end) as says_on,
        max(case when meaning.role = 'off' then 1 else 0 end) as says_off,
        max(case when meaning.same_day_is_on then 1 else 0 end) as on_wins,
        min(meaning.lasts_months) as lasts_months
    from {{ ref('clinical_event') }} as event
    inner join meaning
        on event.snomed_code = meaning.snomed_code
    where
        event.person_id is not null
        and coalesce(event.event_date, event.recorded_on) is not null
        and coalesce(coalesce(event.event_date, event.recorded_on) >= meaning.counts_from, true)
        and (meaning.value_from is null or event.value_number >= meaning.value_from)
        and (meaning.value_below is null or event.value_number < meaning.value_below)
    group by event.person_id, meaning.state_code, coalesce(event.event_date, event.recorded_on)

),

step as (

    select
        person_id,
        state_code,
        on_date as valid_from,
        says_on = 1 and (says_off = 0 or on_wins = 1) as is_on,
        lasts_months,
        lead(on_date, 1, {{ no_end() }}) over (
            partition by person_id, state_code
            order by on_date
        ) as next_date
    from told

),

piece as (

    select
        person_id,
        state_code,
        valid_from,
        case
            when lasts_months is null then next_date
            else least(next_date, {{ months_add('lasts_months', 'valid_from') }})
        end as valid_until
    from step
    where is_on

)

{{ merged_periods('piece', ['person_id', 'state_code']) }}
