-- Where a metric is known by site, the sites make the organisation. Days of an average day are not added
-- over sites.
with total as (

    select
        uec_metric.metric_id,
        uec_metric.period_grain,
        uec_metric.period_start,
        uec_metric.organisation_code,
        uec_metric.covid_group,
        uec_metric.category,
        dim_metric.aggregate,
        sum(case when uec_metric.site_code = 'ALL' then uec_metric.numerator end) as numerator_all,
        sum(case when uec_metric.site_code <> 'ALL' then uec_metric.numerator end) as numerator_sites,
        sum(case when uec_metric.site_code = 'ALL' then uec_metric.denominator end) as denominator_all,
        sum(case when uec_metric.site_code <> 'ALL' then uec_metric.denominator end) as denominator_sites,
        count(case when uec_metric.site_code <> 'ALL' then 1 end) as sites
    from {{ ref('uec_metric') }} as uec_metric
    inner join {{ ref('dim_metric') }} as dim_metric
        on uec_metric.metric_id = dim_metric.metric_id
    group by
        uec_metric.metric_id,
        uec_metric.period_grain,
        uec_metric.period_start,
        uec_metric.organisation_code,
        uec_metric.covid_group,
        uec_metric.category,
        dim_metric.aggregate

)

select *
from total
where
    (sites > 0 and abs(numerator_all - numerator_sites) > 0.001)
    or (sites > 0 and denominator_all <> denominator_sites and aggregate <> 'daily_average')
    or denominator_all is null
