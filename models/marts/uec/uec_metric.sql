-- One row per metric, period, organisation, site and COVID-19 group: the whole urgent-care picture in one
-- narrow table. A metric is one file in metrics/, found by itself; this model knows no metric by name.
-- Facts that metrics may read:
-- depends_on: {{ ref('fct_ambulance_incident') }}
-- depends_on: {{ ref('fct_bed_state') }}
-- depends_on: {{ ref('fct_ed_attendance') }}
-- depends_on: {{ ref('fct_hospital_spell') }}
-- depends_on: {{ ref('fct_urgent_call') }}
-- depends_on: {{ ref('fct_urgent_care_link') }}
with metric as (

    {{ metric_words(['id', 'unit', 'aggregate', 'dataset']) }}

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

-- An average day: what is summed over the days, by the number of days that reported.
added_up as (

    select
        metric_id,
        period_grain,
        period_start,
        organisation_code,
        site_code,
        covid_group,
        sum(numerator) as numerator,
        sum(denominator) as denominator,
        cast(count(distinct event_date) as double) as day_count,
        cast(null as double) as centile
    from placed_sum
    group by metric_id, period_grain, period_start, organisation_code, site_code, covid_group

),

ranked as (

    select
        metric_id,
        period_grain,
        period_start,
        organisation_code,
        site_code,
        covid_group,
        cast(null as double) as numerator,
        sum(denominator) as denominator,
        cast(null as double) as day_count,
        {{ percentile_disc(0.9, 'numerator') }} as centile
    from placed_value
    group by metric_id, period_grain, period_start, organisation_code, site_code, covid_group

),

together as (

    select * from added_up
    union all
    select * from ranked

),

measured as (

    select
        together.metric_id,
        together.period_grain,
        together.period_start,
        case together.period_grain
            when 'day' then {{ days_add(1, 'together.period_start') }}
            when 'week' then {{ days_add(7, 'together.period_start') }}
            else {{ period_start('month', days_add(31, 'together.period_start')) }}
        end as next_period_start,
        together.organisation_code,
        together.site_code,
        together.covid_group,
        together.numerator,
        case
            when metric.aggregate = 'daily_average' then together.day_count
            else together.denominator
        end as denominator,
        together.centile,
        metric.aggregate,
        metric.unit,
        metric.dataset
    from together
    inner join metric
        on together.metric_id = metric.metric_id

),

divided as (

    select
        measured.*,
        {{ safe_divide('measured.numerator', 'measured.denominator') }} as quotient
    from measured

)

select
    divided.metric_id,
    divided.period_grain,
    divided.period_start,
    divided.organisation_code,
    divided.site_code,
    divided.covid_group,
    divided.numerator,
    divided.denominator,
    case
        when divided.aggregate = 'p90' then divided.centile
        when divided.unit = 'percent' then round(100 * divided.quotient, 1)
        else round(divided.quotient, 1)
    end as value,
    divided.unit,
    target.target,
    cast({{ days_add('coalesce(calendar.days_to_final, 0)', 'divided.next_period_start') }} as timestamp)
    > {{ as_of() }} as is_provisional
from divided
left join {{ ref('uec_metric_target') }} as target
    on
        divided.metric_id = target.metric_id
        and divided.period_start >= target.valid_from
        and divided.period_start <= coalesce(target.valid_to, date '9999-12-31')
left join {{ ref('dataset_calendar') }} as calendar
    on divided.dataset = calendar.dataset
