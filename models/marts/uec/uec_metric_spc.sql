-- One row per metric, day or week that has ended, organisation, site and category: the value as a point of
-- its control chart (F 4.13), with limits, special cause, and whether the target is within reach.
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
        {{ next_period_start('period_grain', 'period_start') }} <= {{ as_of_date() }}
        and period_start >= first_day

),

-- Charts have numbers here: sorting five texts for each window is most of the work.
series as (

    select
        metric_id,
        period_grain,
        organisation_code,
        site_code,
        category,
        row_number() over (
            order by metric_id, period_grain, organisation_code, site_code, category
        ) as chart_number
    from whole
    group by metric_id, period_grain, organisation_code, site_code, category

),

phase as (

    select
        series.chart_number,
        based.phase_start,
        based.baseline_points,
        1 + row_number() over (
            partition by series.chart_number
            order by based.phase_start
        ) as phase,
        lead(based.phase_start) over (
            partition by series.chart_number
            order by based.phase_start
        ) as next_phase_start
    from series
    inner join {{ ref('uec_spc_phase') }} as based
        on
            series.metric_id = based.metric_id
            and series.organisation_code = coalesce(based.organisation_code, series.organisation_code)
            and series.site_code = coalesce(based.site_code, series.site_code)

),

numbered as (

    select
        whole.*,
        series.chart_number
    from whole
    inner join series
        on
            whole.metric_id = series.metric_id
            and whole.period_grain = series.period_grain
            and whole.organisation_code = series.organisation_code
            and whole.site_code = series.site_code
            and whole.category = series.category

),

point as (

    select
        numbered.chart_number,
        numbered.period_start,
        numbered.value,
        coalesce(phase.phase, 1) as phase,
        phase.baseline_points
    from numbered
    left join phase
        on
            numbered.chart_number = phase.chart_number
            and numbered.period_start >= phase.phase_start
            and numbered.period_start < coalesce(phase.next_phase_start, date '9999-12-31')

),

{{ spc_ctes('point', ['chart_number']) }}

select
    whole.metric_id,
    whole.period_grain,
    chart.period_start,
    whole.organisation_code,
    whole.site_code,
    whole.category,
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
inner join numbered as whole
    on
        chart.chart_number = whole.chart_number
        and chart.period_start = whole.period_start
inner join {{ ref('dim_metric') }} as metric
    on whole.metric_id = metric.metric_id
