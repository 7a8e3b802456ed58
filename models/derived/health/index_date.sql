-- One row per day for which the hub describes the health of everybody: the day of as_of and the last 24
-- month ends before it. `year_start_date` is the first day of the 12 months that end with it: an event of
-- day d lies in the last n months of a day where d plus n months is later than it, so that the 12 months of
-- a month end are calendar months.
with today as (

    select {{ as_of_date() }} as as_of_date

),

described as (

    select
        today.as_of_date as index_date,
        'current' as kind
    from today
    union all
    select
        calendar_day.date_day,
        'month_end' as kind
    from {{ ref('calendar_day') }} as calendar_day
    inner join today
        on
            calendar_day.date_day < today.as_of_date
            and calendar_day.date_day >= {{ months_add(-24, period_start('month', 'today.as_of_date')) }}
    where extract(day from {{ days_add(1, 'calendar_day.date_day') }}) = 1

),

with_year as (

    select
        described.index_date,
        described.kind,
        min(calendar_day.date_day) as year_start_date
    from described
    inner join {{ ref('calendar_day') }} as calendar_day
        on
            described.index_date >= calendar_day.date_day
            and described.index_date < {{ months_add(12, 'calendar_day.date_day') }}
    group by described.index_date, described.kind

)

select
    index_date,
    kind,
    kind = 'current' as is_current,
    year_start_date,
    -- a month's own number, not a place in a row: it stays as it is when a month is over
    cast(12 * extract(year from index_date) + extract(month from index_date) as integer) as index_number
from with_year
