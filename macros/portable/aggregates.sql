{#- Nearest rank: the value at position ceil(p * n) of the sorted values, always a value that occurred (F 3.1). -#}
{% macro percentile_disc(p, value) -%}
    {{ return(adapter.dispatch('percentile_disc', 'bihub')(p, value)) }}
{%- endmacro %}

{% macro default__percentile_disc(p, value) -%}
    percentile_disc({{ p }}) within group (order by {{ value }})
{%- endmacro %}

{% macro duckdb__percentile_disc(p, value) -%}
    quantile_disc({{ value }}, {{ p }})
{%- endmacro %}

{#- Null where the denominator is null or zero: DuckDB gives infinity, other engines an error. -#}
{% macro safe_divide(numerator, denominator) -%}
    (cast({{ numerator }} as double) / nullif({{ denominator }}, 0))
{%- endmacro %}

{#- The value with the highest `sort_key` among the rows where it is not null. Make `sort_key` unique, or ties are drawn.
    DuckDB passes over null values by itself; Spark needs the case. -#}
{% macro latest_value(value, sort_key) -%}
    max_by({{ value }}, case when {{ value }} is not null then {{ sort_key }} end)
{%- endmacro %}

{#- A sum of fractions to the ninth decimal, so that the order of adding never shows: equal rows give equal bytes. -#}
{% macro exact_sum(value) -%}
    round(sum(cast({{ value }} as double)), 9)
{%- endmacro %}
