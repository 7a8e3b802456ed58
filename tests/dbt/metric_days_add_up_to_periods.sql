-- Every event is in one day, one week and one month: all three grains add up to the same. The system's
-- average day is a sum of averages, which do not add up; days count only where something was reported.
with total as (

    select
        uec_metric.metric_id,
        uec_metric.organisation_code,
        uec_metric.site_code,
        uec_metric.covid_group,
        uec_metric.category,
        dim_metric.aggregate,
        sum(case when uec_metric.period_grain = 'day' then uec_metric.numerator end) as numerator_days,
        sum(case when uec_metric.period_grain = 'week' then uec_metric.numerator end) as numerator_weeks,
        sum(case when uec_metric.period_grain = 'month' then uec_metric.numerator end) as numerator_months,
        sum(case when uec_metric.period_grain = 'day' then uec_metric.denominator end) as denominator_days,
        sum(case when uec_metric.period_grain = 'week' then uec_metric.denominator end) as denominator_weeks,
        sum(case when uec_metric.period_grain = 'month' then uec_metric.denominator end) as denominator_months
    from {{ ref('uec_metric') }} as uec_metric
    inner join {{ ref('dim_metric') }} as dim_metric
        on uec_metric.metric_id = dim_metric.metric_id
    group by
        uec_metric.metric_id,
        uec_metric.organisation_code,
        uec_metric.site_code,
        uec_metric.covid_group,
        uec_metric.category,
        dim_metric.aggregate

)

select *
from total
where
    not (aggregate = 'daily_average' and organisation_code = '{{ var('system_organisation') }}')
    and (
        abs(numerator_days - numerator_weeks) > 0.001
        or abs(numerator_days - numerator_months) > 0.001
        or (aggregate <> 'daily_average' and denominator_days <> denominator_weeks)
        or (aggregate <> 'daily_average' and denominator_days <> denominator_months)
        or denominator_days > denominator_months
        or denominator_months is null
    )
