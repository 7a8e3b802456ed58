{#-
  Statistical process control, XmR charts as in "Making Data Count" (F 4.13), for any table of values in time.

  spc_ctes(points, series, at): common table expressions, to put in a `with`; the last is `spc_chart`. `points` names a
  relation with the columns of `series` (what one chart is), `at` (its order), value (never null), phase (limits are
  worked out anew in each) and baseline_points (how many first points of a phase make the limits; null for all).
  spc_chart gives, for each point: those, point_number in its phase, mean_value, the four limits, has_enough_points and
  special_cause; limits and special_cause are null where the baseline has fewer than 12 points.

  Compared to six decimals, so that the last bits of a mean decide nothing.
-#}
{% macro spc_ctes(points, series, at='period_start') -%}
{%- set chart = series | join(', ') ~ ', phase' -%}
{%- set in_order = 'partition by ' ~ chart ~ ' order by ' ~ at -%}
spc_step as (

    select
        {{ chart }},
        {{ at }},
        value,
        baseline_points,
        row_number() over ({{ in_order }}) as point_number,
        value - lag(value) over ({{ in_order }}) as step
    from {{ points }}

),

spc_baseline as (

    select *
    from spc_step
    where point_number <= coalesce(baseline_points, point_number)

),

spc_range as (

    select
        {{ chart }},
        avg(value) as mean_value,
        avg(abs(step)) as mean_range,
        count(*) >= 12 as has_enough_points
    from spc_baseline
    group by {{ chart }}

),

-- Moving ranges that are themselves out of the ordinary are left out, once.
spc_limit as (

    select
        {{ spc_columns('spc_range', series) }},
        round(spc_range.mean_value, 6) as mean_value,
        spc_range.has_enough_points,
        case when spc_range.has_enough_points then avg(abs(spc_baseline.step)) end as mean_range
    from spc_range
    left join spc_baseline
        on
            {{ spc_same_chart('spc_range', 'spc_baseline', series) }}
            and abs(spc_baseline.step) <= 3.267 * spc_range.mean_range
    group by {{ spc_columns('spc_range', series) }}, spc_range.mean_value, spc_range.has_enough_points

),

spc_place as (

    select
        {{ spc_columns('spc_step', series) }},
        spc_step.{{ at }},
        spc_step.value,
        spc_step.point_number,
        spc_limit.mean_value,
        spc_limit.has_enough_points,
        round(spc_limit.mean_value - 2.66 * spc_limit.mean_range, 6) as lower_process_limit,
        round(spc_limit.mean_value + 2.66 * spc_limit.mean_range, 6) as upper_process_limit,
        round(spc_limit.mean_value - 2 * 2.66 / 3 * spc_limit.mean_range, 6) as lower_near_limit,
        round(spc_limit.mean_value + 2 * 2.66 / 3 * spc_limit.mean_range, 6) as upper_near_limit,
        sign(round(spc_step.value - spc_limit.mean_value, 6)) as side,
        sign(round(spc_step.step, 6)) as direction
    from spc_step
    inner join spc_limit
        on {{ spc_same_chart('spc_step', 'spc_limit', series) }}

),

spc_near as (

    select
        *,
        case
            when value > upper_near_limit and value <= upper_process_limit then 1
            when value < lower_near_limit and value >= lower_process_limit then 1
            else 0
        end as is_near
    from spc_place

),

-- What has come to an end at a point: 7 rising or falling, 7 on one side of the mean, 3 on one side with 2 near.
spc_run as (

    select
        *,
        sum(direction) over ({{ in_order }} rows between 5 preceding and current row) as direction_of_7,
        sum(side) over ({{ in_order }} rows between 6 preceding and current row) as side_of_7,
        case
            when sum(is_near) over ({{ in_order }} rows between 2 preceding and current row) >= 2
                then sum(side) over ({{ in_order }} rows between 2 preceding and current row)
        end as side_of_3,
        lead(direction) over ({{ in_order }}) as next_direction
    from spc_near

),

-- Every point of a run is part of it.
spc_part as (

    select
        *,
        max(direction_of_7) over ({{ in_order }} rows between current row and 6 following) = 6 as is_rising,
        min(direction_of_7) over ({{ in_order }} rows between current row and 6 following) = -6 as is_falling,
        max(side_of_7) over ({{ in_order }} rows between current row and 6 following) = 7 as is_high_run,
        min(side_of_7) over ({{ in_order }} rows between current row and 6 following) = -7 as is_low_run,
        max(side_of_3) over ({{ in_order }} rows between current row and 2 following) = 3 as is_high_three,
        min(side_of_3) over ({{ in_order }} rows between current row and 2 following) = -3 as is_low_three
    from spc_run

),

spc_chart as (

    select
        {{ chart }},
        {{ at }},
        value,
        point_number,
        mean_value,
        lower_process_limit,
        upper_process_limit,
        lower_near_limit,
        upper_near_limit,
        has_enough_points,
        case
            when not has_enough_points then cast(null as {{ dbt.type_string() }})
            when value > upper_process_limit then 'above_limit'
            when value < lower_process_limit then 'below_limit'
            -- Where a rise turns into a fall, the point is the first of what follows.
            when is_rising and is_falling and next_direction < 0 then 'trend_down'
            when is_rising then 'trend_up'
            when is_falling then 'trend_down'
            when is_near = 1 and side > 0 and is_high_three then 'two_of_three_high'
            when is_near = 1 and side < 0 and is_low_three then 'two_of_three_low'
            when is_high_run then 'shift_high'
            when is_low_run then 'shift_low'
            else 'common_cause'
        end as special_cause
    from spc_part

)
{%- endmacro %}


{% macro spc_columns(relation, series) -%}
    {%- for column in series %}{{ relation }}.{{ column }}, {% endfor %}{{ relation }}.phase
{%- endmacro %}


{% macro spc_same_chart(one, other, series) -%}
    {%- for column in series %}{{ one }}.{{ column }} = {{ other }}.{{ column }} and {% endfor -%}
    {{ one }}.phase = {{ other }}.phase
{%- endmacro %}


{#- high, low or null. -#}
{% macro spc_direction(special_cause) -%}
    case
        when {{ special_cause }} in ('above_limit', 'trend_up', 'two_of_three_high', 'shift_high') then 'high'
        when {{ special_cause }} in ('below_limit', 'trend_down', 'two_of_three_low', 'shift_low') then 'low'
    end
{%- endmacro %}


{#- improvement, concern, neutral or common_cause; `better` is higher, lower or neither. Null for no special cause known. -#}
{% macro spc_variation(special_cause, better) -%}
    case
        when {{ special_cause }} is null then cast(null as {{ dbt.type_string() }})
        when {{ special_cause }} = 'common_cause' then 'common_cause'
        when {{ better }} = 'neither' then 'neutral'
        when ({{ spc_direction(special_cause) }} = 'high') = ({{ better }} = 'higher') then 'improvement'
        else 'concern'
    end
{%- endmacro %}


{#- Whether a process that stays as it is meets its target always, never, or now and then. Equal to the target meets it. -#}
{% macro spc_assurance(target, better, lower_process_limit, upper_process_limit) -%}
    case
        when {{ target }} is null or {{ lower_process_limit }} is null or {{ better }} = 'neither'
            then cast(null as {{ dbt.type_string() }})
        when {{ better }} = 'higher' and {{ lower_process_limit }} >= {{ target }} then 'pass'
        when {{ better }} = 'higher' and {{ upper_process_limit }} < {{ target }} then 'fail'
        when {{ better }} = 'lower' and {{ upper_process_limit }} <= {{ target }} then 'pass'
        when {{ better }} = 'lower' and {{ lower_process_limit }} > {{ target }} then 'fail'
        else 'hit_and_miss'
    end
{%- endmacro %}


{#- A limit as it is drawn: a share cannot be below 0 or above 100 percent. Rules look at the limit as it was worked out. -#}
{% macro spc_shown(limit, unit) -%}
    case
        when {{ unit }} = 'percent' and {{ limit }} is not null then greatest(0, least(100, {{ limit }}))
        else {{ limit }}
    end
{%- endmacro %}
