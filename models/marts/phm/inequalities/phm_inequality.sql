-- One row per index date and indicator (F 4.11): slope and relative index of inequality over the ten
-- deciles of deprivation, and the gap between the most deprived fifth of England (Core20) and the rest.
-- Rates are standardised by age where the indicator is. People in secondary use only.
with counted as (

    select
        counted.index_date,
        counted.indicator_id,
        counted.group_kind,
        counted.group_value,
        sum(counted.people) as people,
        sum(counted.events) as events,
        {{ dsr('counted.events', 'counted.people', 'counted.weight') }} as rate,
        {{ dsr_variance('counted.events', 'counted.people', 'counted.weight') }} as variance
    from {{ ref('indicator_count') }} as counted
    where counted.group_kind in ('all', 'imd_decile', 'core20') and counted.group_value <> 'unknown'
    group by counted.index_date, counted.indicator_id, counted.group_kind, counted.group_value

),

rated as (

    select
        counted.*,
        indicator.per,
        indicator.per * case
            when indicator.is_standardised then counted.rate
            else {{ safe_divide('counted.events', 'counted.people') }}
        end as value,
        indicator.per * case
            when indicator.is_standardised
                then {{ dsr_lower('counted.rate', 'counted.variance', 'counted.events') }}
            else {{ wilson_lower('counted.events', 'counted.people') }}
        end as lower_limit,
        indicator.per * case
            when indicator.is_standardised
                then {{ dsr_upper('counted.rate', 'counted.variance', 'counted.events') }}
            else {{ wilson_upper('counted.events', 'counted.people') }}
        end as upper_limit
    from counted
    inner join {{ ref('phm_indicator') }} as indicator
        on counted.indicator_id = indicator.indicator_id
    where counted.people > 0

),

-- A decile without an event has no interval, and the indicator no slope.
decile as (

    select
        index_date,
        indicator_id,
        cast(group_value as integer) as quantile,
        people,
        case when upper_limit is not null then value end as value,
        (upper_limit - lower_limit) / (2 * 1.959964) as standard_error
    from rated
    where group_kind = 'imd_decile'

),

slope as (

    {{ slope_index('decile', ['index_date', 'indicator_id']) }}

),

-- Ten events on each side, as for any standardised rate.
side as (

    select
        {%- for side in ['core20', 'rest'] %}
        max(case when group_value = '{{ side }}' then people end) as {{ side }}_people,
        max(case when group_value = '{{ side }}' then events end) as {{ side }}_events,
        max(case when group_value = '{{ side }}' and events >= 10 then value end) as {{ side }}_value,
        max(case when group_value = '{{ side }}' and events >= 10 then lower_limit end) as {{ side }}_lower,
        max(case when group_value = '{{ side }}' and events >= 10 then upper_limit end)
            as {{ side }}_upper,
        {%- endfor %}
        index_date,
        indicator_id
    from rated
    where group_kind = 'core20'
    group by index_date, indicator_id

),

years as (

    select
        phm_rate.index_date,
        phm_rate.indicator_id,
        phm_rate.is_full_year
    from {{ ref('phm_rate') }} as phm_rate
    where phm_rate.group_kind = 'all'

)

select
    side.index_date,
    side.indicator_id,
    indicator.label,
    indicator.unit,
    indicator.better,
    years.is_full_year,
    cast(side.core20_people as integer) as core20_people,
    cast(side.core20_events as integer) as core20_events,
    round(side.core20_value, 6) as core20_value,
    round(side.core20_lower, 6) as core20_lower,
    round(side.core20_upper, 6) as core20_upper,
    cast(side.rest_people as integer) as rest_people,
    cast(side.rest_events as integer) as rest_events,
    round(side.rest_value, 6) as rest_value,
    round(side.rest_lower, 6) as rest_lower,
    round(side.rest_upper, 6) as rest_upper,
    round(side.core20_value - side.rest_value, 6) as gap,
    round(
        side.core20_value - side.rest_value
        - sqrt(
            power(side.core20_value - side.core20_lower, 2)
            + power(side.rest_upper - side.rest_value, 2)
        ), 6
    ) as gap_lower,
    round(
        side.core20_value - side.rest_value
        + sqrt(
            power(side.core20_upper - side.core20_value, 2)
            + power(side.rest_value - side.rest_lower, 2)
        ), 6
    ) as gap_upper,
    round({{ safe_divide('side.core20_value', 'side.rest_value') }}, 6) as rate_ratio,
    round(slope.sii, 6) as sii,
    round(slope.sii_lower, 6) as sii_lower,
    round(slope.sii_upper, 6) as sii_upper,
    round(slope.rii, 6) as rii,
    round(slope.rii_lower, 6) as rii_lower,
    round(slope.rii_upper, 6) as rii_upper
from side
inner join {{ ref('phm_indicator') }} as indicator
    on side.indicator_id = indicator.indicator_id
inner join years
    on side.index_date = years.index_date and side.indicator_id = years.indicator_id
left join slope
    on side.index_date = slope.index_date and side.indicator_id = slope.indicator_id
