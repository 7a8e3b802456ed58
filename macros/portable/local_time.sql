{#- Feeds carry the local clock (Europe/London) without an offset. Durations must be taken in UTC (F 0.3). -#}

{#- not_before: an hour that happens twice is its second occurrence where the first would be before this moment. -#}
{% macro local_to_utc(local_at, not_before=none) -%}
    {{ return(adapter.dispatch('local_to_utc', 'bihub')(local_at, not_before)) }}
{%- endmacro %}

{#- Spark reads a repeated hour as its first occurrence (summer time) by itself. -#}
{% macro default__local_to_utc(local_at, not_before) -%}
    {%- set at = "to_utc_timestamp(" ~ local_at ~ ", 'Europe/London')" -%}
    {%- if not_before is none -%}
        {{ at }}
    {%- else -%}
        case when {{ in_repeated_hour(local_at) }} then {{ hour_later_if_before(at, not_before) }} else {{ at }} end
    {%- endif -%}
{%- endmacro %}

{#-
  DuckDB (ICU) reads a repeated hour as its second occurrence; an hour earlier is never repeated. ICU's calendar is slow,
  so it is asked only where the clock may change.
-#}
{% macro duckdb__local_to_utc(local_at, not_before) -%}
    {%- set first -%}
        timezone('UTC', timezone('Europe/London', {{ local_at }} - interval 1 hour)) + interval 1 hour
    {%- endset -%}
    case
        when {{ clock_may_change(local_at) }}
            then case
                when {{ in_repeated_hour(local_at) }}
                    then {{ first if not_before is none else hour_later_if_before(first, not_before) }}
                else timezone('UTC', timezone('Europe/London', {{ local_at }}))
            end
        when {{ month_of(local_at) }} between 4 and 9 then {{ local_at }} - interval 1 hour
        else {{ local_at }}
    end
{%- endmacro %}

{% macro hour_later_if_before(at, not_before) -%}
    case when {{ at }} < {{ not_before }} then {{ timestamp_add('hour', 1, at) }} else {{ at }} end
{%- endmacro %}

{% macro utc_to_local(at) -%}
    {{ return(adapter.dispatch('utc_to_local', 'bihub')(at)) }}
{%- endmacro %}

{% macro default__utc_to_local(at) -%}
    from_utc_timestamp({{ at }}, 'Europe/London')
{%- endmacro %}

{% macro duckdb__utc_to_local(at) -%}
    case
        when {{ clock_may_change(at) }} then timezone('Europe/London', timezone('UTC', {{ at }}))
        when {{ month_of(at) }} between 4 and 9 then {{ at }} + interval 1 hour
        else {{ at }}
    end
{%- endmacro %}

{#- Since 1972, April to September are summer time and November to February are not. -#}
{% macro clock_may_change(at) -%}
    ({{ month_of(at) }} in (3, 10) or {{ at }} < timestamp '1972-01-01 00:00:00')
{%- endmacro %}

{#- Several columns x_local as columns x in UTC. -#}
{% macro locals_to_utc(columns, not_before) -%}
    {%- for column in columns -%}
        {{ local_to_utc(column ~ '_local', not_before=not_before) }} as {{ column }}
        {{- ',\n        ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{#- 01:00 to 01:59:59 on the last Sunday of October happens twice. -#}
{% macro in_repeated_hour(local_at) -%}
    (
        extract(month from {{ local_at }}) = 10
        and extract(day from {{ local_at }}) >= 25
        and extract(hour from {{ local_at }}) = 1
        and {{ iso_weekday(local_at) }} = 7
    )
{%- endmacro %}
