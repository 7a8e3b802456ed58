-- One row per day from 2010 to 2035, with the periods that hold it: NHS week (Monday to Sunday), month,
-- financial year.
with digit as (

    {% for digit in range(10) %}
    select {{ digit }} as digit
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

day_number as (

    select thousands.digit * 1000 + hundreds.digit * 100 + tens.digit * 10 + ones.digit as day_number
    from digit as ones
    cross join digit as tens
    cross join digit as hundreds
    cross join digit as thousands

),

calendar as (

    select {{ days_add('cast(day_number as integer)', "date '2010-01-01'") }} as date_day
    from day_number

)

select
    date_day,
    {{ period_start('week', 'date_day') }} as week_start,
    {{ period_start('month', 'date_day') }} as month_start,
    {{ financial_year('date_day') }} as financial_year,
    case
        when {{ month_of('date_day') }} >= 4 then {{ month_of('date_day') }} - 3
        else {{ month_of('date_day') }} + 9
    end as financial_month,
    cast({{ iso_weekday('date_day') }} as integer) as weekday_number,
    {{ iso_weekday('date_day') }} >= 6 as is_weekend,
    bank_holiday.holiday_date is not null as is_bank_holiday
from calendar
left join {{ ref('bank_holiday') }} as bank_holiday
    on calendar.date_day = bank_holiday.holiday_date
where date_day < date '2036-01-01'
