-- Every event is in one day, one week and one month: all three grains add up to the same.
with total as (

    select
        metric_id,
        organisation_code,
        site_code,
        covid_group,
        sum(case when period_grain = 'day' then numerator end) as numerator_days,
        sum(case when period_grain = 'week' then numerator end) as numerator_weeks,
        sum(case when period_grain = 'month' then numerator end) as numerator_months,
        sum(case when period_grain = 'day' then denominator end) as denominator_days,
        sum(case when period_grain = 'week' then denominator end) as denominator_weeks,
        sum(case when period_grain = 'month' then denominator end) as denominator_months
    from {{ ref('uec_metric') }}
    group by metric_id, organisation_code, site_code, covid_group

)

select *
from total
where
    numerator_days <> numerator_weeks
    or numerator_days <> numerator_months
    or denominator_days <> denominator_weeks
    or denominator_days <> denominator_months
    or denominator_months is null
