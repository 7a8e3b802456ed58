-- Categories never make more than all of them together, and organisations make the system where it has a
-- figure.
with counted as (

    select
        metric_id,
        period_grain,
        period_start,
        covid_group,
        organisation_code,
        site_code,
        category,
        numerator,
        denominator,
        value,
        organisation_code = '{{ var('system_organisation') }}' as is_system
    from {{ ref('uec_metric') }}

),

by_category as (

    select
        metric_id,
        'categories of ' || organisation_code as what,
        period_start,
        sum(case when category = 'ALL' then numerator end) as of_all,
        sum(case when category <> 'ALL' then numerator end) as of_parts
    from counted
    group by metric_id, period_grain, period_start, covid_group, organisation_code, site_code

),

by_organisation as (

    select
        counted.metric_id,
        'organisations of ' || counted.category as what,
        counted.period_start,
        max(case when counted.is_system then counted.denominator end) as of_all,
        sum(case when not counted.is_system then counted.denominator end) as of_parts
    from counted
    inner join {{ ref('dim_metric') }} as dim_metric
        on counted.metric_id = dim_metric.metric_id
    where counted.site_code = 'ALL' and dim_metric.aggregate <> 'daily_average'
    group by
        counted.metric_id, counted.period_grain, counted.period_start, counted.covid_group, counted.category

)

select *
from by_category
where of_parts > of_all + 0.001
union all
select *
from by_organisation
where of_all <> of_parts
