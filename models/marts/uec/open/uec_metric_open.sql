-- One row per metric, month that has ended, organisation or system, COVID-19 group or category: what
-- anybody may see. Every count is protected (F 5.7), of people or not; no sites, days or weeks, and no
-- COVID-19 group of a category, so that nothing small can be had by taking away. Shares come from the
-- protected counts.
with figure as (

    select
        uec_metric.metric_id,
        metric.label,
        uec_metric.period_start,
        uec_metric.organisation_code,
        organisation.organisation_name,
        uec_metric.covid_group,
        metric.category_name,
        uec_metric.category,
        uec_metric.unit,
        uec_metric.target,
        uec_metric.is_provisional,
        uec_metric.value,
        -- What the figure is: a share of counts, a count in itself, or a size measured on a count of events.
        case
            when metric.aggregate = 'ratio' then 'share'
            when metric.aggregate = 'daily_average' then 'count'
            when metric.aggregate = 'sum' and uec_metric.unit <> 'hours' then 'count'
            else 'size'
        end as kind,
        case metric.aggregate
            when 'daily_average' then {{ safe_divide('uec_metric.numerator', 'uec_metric.denominator') }}
            else uec_metric.numerator
        end as count_value,
        case when metric.aggregate = 'ratio' then uec_metric.numerator end as numerator_count,
        case when metric.aggregate <> 'daily_average' then uec_metric.denominator end as denominator_count
    from {{ ref('uec_metric') }} as uec_metric
    inner join {{ ref('dim_metric') }} as metric
        on uec_metric.metric_id = metric.metric_id
    inner join {{ ref('dim_organisation') }} as organisation
        on uec_metric.organisation_code = organisation.organisation_code
    where
        uec_metric.period_grain = 'month'
        and uec_metric.site_code = 'ALL'
        and (uec_metric.covid_group = 'all' or uec_metric.category = 'ALL')
        and {{ next_period_start('uec_metric.period_grain', 'uec_metric.period_start') }}
        <= {{ as_of_date() }}

),

judged as (

    select
        figure.*,
        {{ protected_count('numerator_count') }} as shown_numerator,
        {{ protected_count('denominator_count') }} as shown_denominator,
        case
            when kind = 'count' then {{ value_status('count_value') }}
            when value is null then 'not_applicable'
            when {{ is_small('coalesce(numerator_count, 0)') }} or {{ is_small('denominator_count') }}
                then 'suppressed'
            when value = 0 then 'zero'
            else 'ok'
        end as value_status
    from figure

)

select
    metric_id,
    label,
    period_start,
    organisation_code,
    organisation_name,
    covid_group,
    category_name,
    category,
    {{ suppress('numerator_count') }} as numerator,
    {{ suppress('denominator_count') }} as denominator,
    case
        when value_status in ('suppressed', 'not_applicable') then cast(null as double)
        when kind = 'count' then cast({{ protected_count('count_value') }} as double)
        when kind = 'share' then round(100 * {{ safe_divide('shown_numerator', 'shown_denominator') }}, 1)
        else value
    end as value,
    unit,
    value_status,
    target,
    is_provisional
from judged
