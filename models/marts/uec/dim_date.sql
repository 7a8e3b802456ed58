-- One row per day from 2010 to 2035, with the periods that hold it: NHS week (Monday to Sunday), month,
-- financial year.
select
    date_day,
    week_start,
    month_start,
    financial_year,
    financial_month,
    weekday_number,
    is_weekend,
    is_bank_holiday
from {{ ref('calendar_day') }}
