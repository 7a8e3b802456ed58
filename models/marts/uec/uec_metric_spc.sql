-- One row per metric, day or week that has ended, organisation, site and category: the value as a point of
-- its control chart (F 4.13), with limits, special cause, and whether the target is within reach.
{% set chart_of = ['metric_id', 'period_grain', 'organisation_code', 'site_code', 'category'] %}
{% set chart = 'series.' ~ chart_of | join(', series.') %}
with figure as (

    select
        metric_id,
        period_grain,
        period_start,
        organisation_code,
        site_code,
        category,
        value,
        unit,
        target,
        min(case when period_grain = 'day' then period_start end)
            over (partition by metric_id, organisation_code) as first_day
    from {{ ref('uec_metric') }}
    where period_grain in ('day', 'week') and covid_group = 'all' and value is not null

),

-- A week that had begun before the first day with figures is not a whole one.
whole as (

    select *
    from figure
    where
        cast({{ next_period_start('period_grain', 'period_start') }} as timestamp) <= {{ as_of() }}
        and period_start >= first_day

),

series as (

    select
        metric_id,
        period_grain,
        organisation_code,
        site_code,
        category
    from whole
    group by metric_id, period_grain, organisation_code, site_code, category

),

phase as (

    select
        series.*,
        based.phase_start,
        based.baseline_points,
        1 + row_number() over (
            partition by {{ chart }}
            order by based.phase_start
        ) as phase,
        lead(based.phase_start) over (
            partition by {{ chart }}
            order by based.phase_start
        ) as next_phase_start
    from series
    inner join {{ ref('uec_spc_phase') }} as based
        on
            series.metric_id = based.metric_id
            and series.organisation_code = coalesce(based.organisation_code, series.organisation_code)
            and series.site_code = coalesce(based.site_code, series.site_code)

),

point as (

    select
        whole.metric_id,
        whole.period_grain,
        whole.period_start,
        whole.organisation_code,
        whole.site_code,
        whole.category,
        whole.value,
        coalesce(phase.phase, 1) as phase,
        phase.baseline_points
    from whole
    left join phase
        on
            whole.metric_id = phase.metric_id
            and whole.period_grain = phase.period_grain
            and whole.organisation_code = phase.organisation_code
            and whole.site_code = phase.site_code
            and whole.category = phase.category
            and whole.period_start >= phase.phase_start
            and whole.period_start < coalesce(phase.next_phase_start, date '9999-12-31')

),

{{ spc_ctes('point', chart_of) }}

select
    chart.metric_id,
    chart.period_grain,
    chart.period_start,
    chart.organisation_code,
    chart.site_code,
    chart.category,
    chart.value,
    whole.target,
    cast(chart.phase as integer) as phase,
    cast(chart.point_number as integer) as point_number,
    chart.mean_value,
    {{ spc_shown('chart.lower_process_limit', 'whole.unit') }} as lower_process_limit,
    {{ spc_shown('chart.upper_process_limit', 'whole.unit') }} as upper_process_limit,
    {{ spc_shown('chart.lower_near_limit', 'whole.unit') }} as lower_near_limit,
    {{ spc_shown('chart.upper_near_limit', 'whole.unit') }} as upper_near_limit,
    chart.special_cause,
    {{ spc_variation('chart.special_cause', 'metric.better') }} as variation,
    {{ spc_direction('chart.special_cause') }} as variation_direction,
    {{ spc_assurance(
        'whole.target', 'metric.better', 'chart.lower_process_limit', 'chart.upper_process_limit'
    ) }} as assurance,
    chart.has_enough_points
from spc_chart as chart
inner join whole
    on
        chart.metric_id = whole.metric_id
        and chart.period_grain = whole.period_grain
        and chart.period_start = whole.period_start
        and chart.organisation_code = whole.organisation_code
        and chart.site_code = whole.site_code
        and chart.category = whole.category
inner join {{ ref('dim_metric') }} as metric
    on chart.metric_id = metric.metric_id
