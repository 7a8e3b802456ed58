-- One row per metric, period, organisation, site, COVID-19 group and category: the whole urgent-care
-- picture in one narrow table. A metric is one file in metrics/, found by itself; this model knows no
-- metric by name.
{{ facts_of_metrics() }}
with metric as (

    {{ metric_words(['id', 'unit', 'aggregate', 'dataset', 'system']) }}

),

daily_sum as (

    {{ metric_daily_sums() }}

),

single_value as (

    {{ metric_single_values() }}

),

placed_sum as (

    {{ metric_placed('daily_sum') }}

),

placed_value as (

    {{ metric_placed('single_value') }}

),

together as (

    select
        {{ metric_grain() }},
        {{ exact_sum('numerator') }} as numerator,
        sum(denominator) as denominator,
        cast(null as double) as median,
        cast(null as double) as p90
    from placed_sum
    group by {{ metric_grain() }}
    union all
    select
        {{ metric_grain() }},
        cast(null as double) as numerator,
        sum(denominator) as denominator,
        {{ percentile_disc(0.5, 'numerator') }} as median,
        {{ percentile_disc(0.9, 'numerator') }} as p90
    from placed_value
    group by {{ metric_grain() }}

),

-- An average day: what is summed over the days, by the days on which the place reported anything at all.
reported as (

    select
        metric_id,
        period_grain,
        period_start,
        organisation_code,
        site_code,
        cast(count(distinct event_date) as double) as days
    from placed_sum
    where covid_group = 'all' and category = 'ALL'
    group by metric_id, period_grain, period_start, organisation_code, site_code

),

measured as (

    select
        {{ metric_grain('together') }},
        together.numerator,
        case metric.aggregate
            when 'daily_average' then reported.days
            else together.denominator
        end as denominator,
        case metric.aggregate
            when 'median' then together.median
            when 'p90' then together.p90
            when 'sum' then together.numerator
            when 'daily_average' then {{ safe_divide('together.numerator', 'reported.days') }}
            else {{ safe_divide('together.numerator', 'together.denominator') }}
        end as result,
        metric.is_system and metric.aggregate = 'daily_average' and together.site_code = 'ALL' as is_part
    from together
    inner join metric
        on together.metric_id = metric.metric_id
    left join reported
        on
            together.metric_id = reported.metric_id
            and together.period_grain = reported.period_grain
            and together.period_start = reported.period_start
            and together.organisation_code = reported.organisation_code
            and together.site_code = reported.site_code

),

-- The system on an average day is the sum of its organisations, each on a day of its own average.
with_system as (

    select
        {{ metric_grain() }},
        numerator,
        denominator,
        result
    from measured
    union all
    select
        {{ metric_grain(organisation="'" ~ var('system_organisation') ~ "' as organisation_code") }},
        {{ exact_sum('result') }} as numerator,
        1 as denominator,
        {{ exact_sum('result') }} as result
    from measured
    where is_part
    group by metric_id, period_grain, period_start, site_code, covid_group, category

)

select
    {{ metric_grain('figure') }},
    round(figure.numerator, 6) as numerator,
    figure.denominator,
    case
        when metric.aggregate in ('median', 'p90') then figure.result
        when metric.unit = 'percent' then round(100 * figure.result, 1)
        else round(figure.result, 1)
    end as value,
    metric.unit,
    target.target,
    {{ is_before_final('figure.period_grain', 'figure.period_start', 'calendar.days_to_final') }}
        as is_provisional
from with_system as figure
inner join metric
    on figure.metric_id = metric.metric_id
left join {{ ref('uec_metric_target') }} as target
    on
        figure.metric_id = target.metric_id
        and figure.period_start >= target.valid_from
        and figure.period_start <= coalesce(target.valid_to, date '9999-12-31')
left join {{ ref('dataset_calendar') }} as calendar
    on metric.dataset = calendar.dataset
