-- Where a metric is split by COVID-19, the two groups make the whole. A centile has no parts to add; its
-- events have. An average day may hold events that can not tell; days are not added over groups.
with total as (

    select
        uec_metric.metric_id,
        uec_metric.period_grain,
        uec_metric.period_start,
        uec_metric.organisation_code,
        uec_metric.site_code,
        uec_metric.category,
        dim_metric.aggregate,
        sum(case when uec_metric.covid_group = 'all' then uec_metric.numerator end) as numerator_all,
        sum(case when uec_metric.covid_group <> 'all' then uec_metric.numerator end) as numerator_groups,
        sum(case when uec_metric.covid_group = 'all' then uec_metric.denominator end) as denominator_all,
        sum(case when uec_metric.covid_group <> 'all' then uec_metric.denominator end) as denominator_groups,
        count(case when uec_metric.covid_group <> 'all' then 1 end) as groups
    from {{ ref('uec_metric') }} as uec_metric
    inner join {{ ref('dim_metric') }} as dim_metric
        on uec_metric.metric_id = dim_metric.metric_id
    group by
        uec_metric.metric_id,
        uec_metric.period_grain,
        uec_metric.period_start,
        uec_metric.organisation_code,
        uec_metric.site_code,
        uec_metric.category,
        dim_metric.aggregate

)

select *
from total
where
    (groups > 0 and aggregate <> 'daily_average' and denominator_all <> denominator_groups)
    or (groups > 0 and aggregate <> 'daily_average' and abs(numerator_all - numerator_groups) > 0.001)
    or (groups > 0 and aggregate = 'daily_average' and numerator_groups > numerator_all + 0.001)
    or denominator_all is null
