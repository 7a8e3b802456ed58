-- One row per metric, month, dimension and value of it: the resident view (F 3.1). People registered with a
-- practice of the area, whoever treated them; never to be added to or compared with the provider view.
{{ facts_of_metrics() }}
with metric as (

    {{ metric_words(['id', 'unit', 'aggregate', 'dataset']) }}

),

monthly_sum as (

    {{ metric_population_sums() }}

),

single_value as (

    {{ metric_population_values() }}

),

sum_by_dimension as (

    {{ metric_by_dimension('monthly_sum') }}

),

value_by_dimension as (

    {{ metric_by_dimension('single_value') }}

),

together as (

    select
        metric_id,
        period_start,
        dimension,
        dimension_value,
        {{ exact_sum('numerator') }} as numerator,
        sum(denominator) as denominator,
        cast(null as double) as median,
        cast(null as double) as p90
    from sum_by_dimension
    group by metric_id, period_start, dimension, dimension_value
    union all
    select
        metric_id,
        period_start,
        dimension,
        dimension_value,
        cast(null as double) as numerator,
        sum(denominator) as denominator,
        {{ percentile_disc(0.5, 'numerator') }} as median,
        {{ percentile_disc(0.9, 'numerator') }} as p90
    from value_by_dimension
    group by metric_id, period_start, dimension, dimension_value

),

measured as (

    select
        together.*,
        'month' as period_grain,
        metric.aggregate,
        metric.unit,
        metric.dataset,
        {{ safe_divide('together.numerator', 'together.denominator') }} as quotient
    from together
    inner join metric
        on together.metric_id = metric.metric_id

)

select
    measured.metric_id,
    measured.period_grain,
    measured.period_start,
    measured.dimension,
    measured.dimension_value,
    round(measured.numerator, 6) as numerator,
    measured.denominator,
    case
        when measured.aggregate = 'median' then measured.median
        when measured.aggregate = 'p90' then measured.p90
        when measured.aggregate = 'sum' then round(measured.numerator, 1)
        when measured.unit = 'percent' then round(100 * measured.quotient, 1)
        else round(measured.quotient, 1)
    end as value,
    measured.unit,
    {{ is_before_final('measured.period_grain', 'measured.period_start', 'calendar.days_to_final') }}
        as is_provisional
from measured
left join {{ ref('dataset_calendar') }} as calendar
    on measured.dataset = calendar.dataset
