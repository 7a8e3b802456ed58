-- One row per index date, indicator, kind of group and group (F 4.9, 4.10, 4.12): people, events, crude
-- rate, rate standardised by age, and whether the group stands out from Mid and South Essex. Not
-- standardised under 10 events. People in secondary use only.
with system_band as (

    select
        counted.index_date,
        counted.indicator_id,
        counted.age_band,
        {{ safe_divide('counted.events', 'counted.people') }} as rate
    from {{ ref('indicator_count') }} as counted
    where counted.group_kind = 'all'

),

summed as (

    select
        counted.index_date,
        counted.indicator_id,
        counted.group_kind,
        counted.group_value,
        sum(counted.people) as people,
        sum(counted.events) as events,
        sum(counted.left_out_people) as left_out_people,
        {{ exact_sum('counted.people * coalesce(system_band.rate, 0)') }} as expected,
        {{ dsr('counted.events', 'counted.people', 'counted.weight') }} as rate,
        {{ dsr_variance('counted.events', 'counted.people', 'counted.weight') }} as variance
    from {{ ref('indicator_count') }} as counted
    left join system_band
        on
            counted.index_date = system_band.index_date
            and counted.indicator_id = system_band.indicator_id
            and counted.age_band = system_band.age_band
    group by counted.index_date, counted.indicator_id, counted.group_kind, counted.group_value

),

-- From when on the hub holds urgent and emergency care: a year that begins before is not whole.
history as (

    select min(activity.on_date) as first_date
    from {{ ref('costed_activity') }} as activity
    where activity.activity = 'ed_attendance'

),

judged as (

    select
        summed.*,
        indicator.label,
        indicator.domain,
        indicator.unit,
        indicator.better,
        indicator.per,
        indicator.is_standardised,
        indicator.is_standardised and summed.events >= 10 as has_standardised,
        indicator.source_kind in ('register', 'gap')
        or {{ days_add(-7, 'history.first_date') }} <= index_date.year_start_date as is_full_year,
        everybody.events as system_events,
        {{ safe_divide('everybody.events', 'everybody.people') }} as system_share
    from summed
    inner join {{ ref('phm_indicator') }} as indicator
        on summed.indicator_id = indicator.indicator_id
    inner join {{ ref('index_date') }} as index_date
        on summed.index_date = index_date.index_date
    inner join summed as everybody
        on
            summed.index_date = everybody.index_date
            and summed.indicator_id = everybody.indicator_id
            and everybody.group_kind = 'all'
    cross join history
    where summed.people > 0

)

select
    index_date,
    indicator_id,
    label,
    domain,
    group_kind,
    group_value,
    unit,
    better,
    coalesce(is_full_year, false) as is_full_year,
    cast(people as integer) as people,
    cast(events as integer) as events,
    cast(left_out_people as integer) as left_out_people,
    round(per * {{ safe_divide('events', 'people') }}, 6) as crude_rate,
    round(
        per * case
            when is_standardised then {{ safe_divide(count_lower('events'), 'people') }}
            else {{ wilson_lower('events', 'people') }}
        end, 6
    ) as crude_lower,
    round(
        per * case
            when is_standardised then {{ safe_divide(count_upper('events'), 'people') }}
            else {{ wilson_upper('events', 'people') }}
        end, 6
    ) as crude_upper,
    round(per * case when has_standardised then rate end, 6) as standardised_rate,
    round(per * case when has_standardised then {{ dsr_lower('rate', 'variance', 'events') }} end, 6)
        as standardised_lower,
    round(per * case when has_standardised then {{ dsr_upper('rate', 'variance', 'events') }} end, 6)
        as standardised_upper,
    round(per * case when has_standardised then sqrt(variance) end, 9) as standard_error,
    round(expected, 6) as expected_events,
    case
        when group_kind = 'all' or system_events = 0 then null
        when not is_standardised
            then {{ funnel_flag(
                safe_divide('events', 'people'),
                funnel_lower('people', 'system_share', 3.090232), funnel_lower('people', 'system_share'),
                funnel_upper('people', 'system_share'), funnel_upper('people', 'system_share', 3.090232),
            ) }}
        when {{ count_lower('events', 3.090232) }} > expected then 'above_99_8'
        when {{ count_lower('events') }} > expected then 'above_95'
        when {{ count_upper('events', 3.090232) }} < expected then 'below_99_8'
        when {{ count_upper('events') }} < expected then 'below_95'
        else 'within'
    end as funnel_flag
from judged
where is_full_year or system_events > 0
