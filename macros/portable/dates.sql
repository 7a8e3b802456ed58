{% macro seconds_between(start_at, end_at) -%}
    {{ return(adapter.dispatch('seconds_between', 'bihub')(start_at, end_at)) }}
{%- endmacro %}

{% macro default__seconds_between(start_at, end_at) -%}
    (unix_timestamp({{ end_at }}) - unix_timestamp({{ start_at }}))
{%- endmacro %}

{% macro duckdb__seconds_between(start_at, end_at) -%}
    cast(floor((epoch_us({{ end_at }}) - epoch_us({{ start_at }})) / 1000000.0) as bigint)
{%- endmacro %}

{#- Whole minutes, rounded down: 4:00:59 is 240, and not over four hours (F 3.1). -#}
{% macro minutes_between(start_at, end_at) -%}
    cast(floor({{ seconds_between(start_at, end_at) }} / 60.0) as integer)
{%- endmacro %}

{% macro days_between(start_date, end_date) -%}
    {{ return(adapter.dispatch('days_between', 'bihub')(start_date, end_date)) }}
{%- endmacro %}

{% macro default__days_between(start_date, end_date) -%}
    datediff({{ end_date }}, {{ start_date }})
{%- endmacro %}

{% macro duckdb__days_between(start_date, end_date) -%}
    cast(date_diff('day', {{ start_date }}, {{ end_date }}) as integer)
{%- endmacro %}

{#- part: second, minute, hour, day; amount: a number or an expression, negative to go back. -#}
{% macro timestamp_add(part, amount, at) -%}
    {{ return(adapter.dispatch('timestamp_add', 'bihub')(part, amount, at)) }}
{%- endmacro %}

{% macro default__timestamp_add(part, amount, at) -%}
    timestampadd({{ part }}, {{ amount }}, {{ at }})
{%- endmacro %}

{% macro duckdb__timestamp_add(part, amount, at) -%}
    date_add({{ at }}, to_{{ part }}s({{ amount }}))
{%- endmacro %}

{% macro days_add(amount, date) -%}
    {{ return(adapter.dispatch('days_add', 'bihub')(amount, date)) }}
{%- endmacro %}

{% macro default__days_add(amount, date) -%}
    date_add({{ date }}, {{ amount }})
{%- endmacro %}

{% macro duckdb__days_add(amount, date) -%}
    cast(date_add(cast({{ date }} as date), to_days({{ amount }})) as date)
{%- endmacro %}

{#- A date moved by calendar months; a day that the month does not have is its last: 29 February less a year is the 28th. -#}
{% macro months_add(amount, date) -%}
    {{ return(adapter.dispatch('months_add', 'bihub')(amount, date)) }}
{%- endmacro %}

{% macro default__months_add(amount, date) -%}
    add_months({{ date }}, {{ amount }})
{%- endmacro %}

{% macro duckdb__months_add(amount, date) -%}
    cast(date_add(cast({{ date }} as date), to_months(cast({{ amount }} as integer))) as date)
{%- endmacro %}

{#- First day of the day, week (Monday), month, quarter or year that holds a date, as a date. Spark and DuckDB agree. -#}
{% macro period_start(grain, at) -%}
    cast(date_trunc('{{ grain }}', {{ at }}) as date)
{%- endmacro %}

{#- First day of the period after; `period_grain` is a column that says day, week or month. -#}
{% macro next_period_start(period_grain, period_start) -%}
    case {{ period_grain }}
        when 'day' then {{ days_add(1, period_start) }}
        when 'week' then {{ days_add(7, period_start) }}
        else cast(date_trunc('month', {{ days_add(31, period_start) }}) as date)
    end
{%- endmacro %}

{% macro year_of(at) -%}cast(extract(year from {{ at }}) as integer){%- endmacro %}

{% macro month_of(at) -%}cast(extract(month from {{ at }}) as integer){%- endmacro %}

{#- 1 Monday to 7 Sunday. -#}
{% macro iso_weekday(at) -%}
    {{ return(adapter.dispatch('iso_weekday', 'bihub')(at)) }}
{%- endmacro %}

{% macro default__iso_weekday(at) -%}
    (weekday({{ at }}) + 1)
{%- endmacro %}

{% macro duckdb__iso_weekday(at) -%}
    extract(isodow from {{ at }})
{%- endmacro %}

{#- A date and a clock time of that day; null where either is. -#}
{% macro date_and_time(date, time) -%}
    {{ return(adapter.dispatch('date_and_time', 'bihub')(date, time)) }}
{%- endmacro %}

{% macro default__date_and_time(date, time) -%}
    to_timestamp(concat(cast({{ date }} as string), ' ', cast({{ time }} as string)))
{%- endmacro %}

{% macro duckdb__date_and_time(date, time) -%}
    ({{ date }} + {{ time }})
{%- endmacro %}
