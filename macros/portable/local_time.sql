{#- Feeds carry the local clock (Europe/London) without an offset. Durations must be taken in UTC (F 0.3). -#}

{% macro local_to_utc(local_at, not_before=none) -%}
    {%- if not_before is none -%}
        {{ return(adapter.dispatch('local_to_utc', 'bihub')(local_at)) }}
    {%- endif -%}
    case
        when {{ in_repeated_hour(local_at) }} and {{ local_to_utc(local_at) }} < {{ not_before }}
            then {{ timestamp_add('hour', 1, local_to_utc(local_at)) }}
        else {{ local_to_utc(local_at) }}
    end
{%- endmacro %}

{#- Spark reads a repeated hour as its first occurrence (summer time) by itself. -#}
{% macro default__local_to_utc(local_at) -%}
    to_utc_timestamp({{ local_at }}, 'Europe/London')
{%- endmacro %}

{#- DuckDB (ICU) reads a repeated hour as its second occurrence; an hour earlier is never repeated. -#}
{% macro duckdb__local_to_utc(local_at) -%}
    case
        when {{ in_repeated_hour(local_at) }}
            then timezone('UTC', timezone('Europe/London', {{ local_at }} - interval 1 hour)) + interval 1 hour
        else timezone('UTC', timezone('Europe/London', {{ local_at }}))
    end
{%- endmacro %}

{% macro utc_to_local(at) -%}
    {{ return(adapter.dispatch('utc_to_local', 'bihub')(at)) }}
{%- endmacro %}

{% macro default__utc_to_local(at) -%}
    from_utc_timestamp({{ at }}, 'Europe/London')
{%- endmacro %}

{% macro duckdb__utc_to_local(at) -%}
    timezone('Europe/London', timezone('UTC', {{ at }}))
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
