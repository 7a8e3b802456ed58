{#-
  Days that a pathway has waited at a census; null where the clock starts after it, which cannot be (F 2.4.3).
-#}
{% macro wait_days(clock_start_date, census_date) -%}
    {{ not_negative(days_between(clock_start_date, census_date)) }}
{%- endmacro %}

{#- Week of waiting as it is published: 7 days are week 1 (">0-1"), 8 days week 2, and no day is week 1 (F 2.4.3). -#}
{% macro wait_week(days) -%}
    cast(case when {{ days }} <= 0 then 1 else ceil({{ days }} / 7.0) end as integer)
{%- endmacro %}

{#- True within so many weeks: 18 weeks are 126 days, the last of them included (F 2.4.3, 3.7). -#}
{% macro waits_within_weeks(days, weeks) -%}
    ({{ days }} <= 7 * {{ weeks }})
{%- endmacro %}

{#- True over so many weeks: 52 weeks are 364 days, over them from day 365 on (F 2.4.3, 3.7). -#}
{% macro waits_over_weeks(days, weeks) -%}
    ({{ days }} > 7 * {{ weeks }})
{%- endmacro %}
