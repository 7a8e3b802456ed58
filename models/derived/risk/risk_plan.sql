-- One row: the days for which the risk of an emergency admission is worked out, and whether the hub's own
-- history is long enough to learn it (F 4.7). The model learns at train_date and is judged at
-- validate_date, each with the twelve months after it complete; counts of use look back equally far from
-- every day.
with today as (

    select {{ as_of_date() }} as score_date

),

months as (

    select
        {{ period_start('month', 'spell.admission_date') }} as month_start,
        count(*) as admissions
    from {{ ref('hospital_spell') }} as spell
    cross join today
    where
        {{ counts_as_emergency_admission('spell.admission_method_code') }}
        and spell.admission_date <= today.score_date
    group by {{ period_start('month', 'spell.admission_date') }}

),

-- The first month with at least half of what a month has on average: before it lie only old stays.
history as (

    select min(months.month_start) as history_since
    from months
    cross join (select avg(all_months.admissions) as admissions_a_month from months as all_months) as average
    where months.admissions >= average.admissions_a_month / 2

),

validated as (

    select
        today.score_date,
        history.history_since,
        max(days.index_date) as validate_date
    from today
    cross join history
    left join {{ ref('index_date') }} as days
        on
            days.kind = 'month_end'
            and days.index_date <= {{ days_add(-365, 'today.score_date') }}
    group by today.score_date, history.history_since

),

trained as (

    select
        validated.score_date,
        validated.history_since,
        validated.validate_date,
        max(days.index_date) as train_date
    from validated
    left join {{ ref('index_date') }} as days
        on
            days.kind = 'month_end'
            and days.index_date <= {{ days_add(-183, 'validated.validate_date') }}
    group by validated.score_date, validated.history_since, validated.validate_date

),

judged as (

    select
        trained.*,
        {{ days_between('trained.history_since', 'trained.score_date') }} + 1 as history_days,
        {{ days_between('trained.history_since', 'trained.train_date') }} + 1 as history_days_to_train,
        coalesce({{ days_between('trained.history_since', 'trained.train_date') }} >= 149, false) as is_ready
    from trained

)

select
    score_date,
    case when is_ready then validate_date end as validate_date,
    case when is_ready then train_date end as train_date,
    history_since,
    least(365, case when is_ready then history_days_to_train else coalesce(history_days, 365) end)
        as lookback_days,
    is_ready,
    case
        when is_ready then null
        when history_since is null then 'No emergency admissions have reached the hub.'
        else
            'Not enough history: emergency admissions of '
            || cast(history_days as {{ dbt.type_string() }})
            || ' days are here, and about 700 are needed: 150 to look back, 183 between learning and '
            || 'judging, 365 to look ahead.'
    end as reason
from judged
