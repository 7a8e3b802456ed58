-- Where a metric is split by COVID-19, the two groups make the whole. A centile has no parts to add; its
-- events have.
with total as (

    select
        metric_id,
        period_grain,
        period_start,
        organisation_code,
        site_code,
        sum(case when covid_group = 'all' then numerator end) as numerator_all,
        sum(case when covid_group <> 'all' then numerator end) as numerator_groups,
        sum(case when covid_group = 'all' then denominator end) as denominator_all,
        sum(case when covid_group <> 'all' then denominator end) as denominator_groups,
        count(case when covid_group <> 'all' then 1 end) as groups
    from {{ ref('uec_metric') }}
    group by metric_id, period_grain, period_start, organisation_code, site_code

)

select *
from total
where
    (groups > 0 and denominator_all <> denominator_groups)
    or (groups > 0 and numerator_all <> numerator_groups)
    or denominator_all is null
