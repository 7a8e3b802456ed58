{#- From how many attendances in 12 months on a person is a frequent user (F 3.8 FREQ_ATT). -#}
{% macro frequent_from() -%}5{%- endmacro %}


{#-
  How far a count of recent days lies above what a person's own days before let expect, in standard deviations: counts of
  a Poisson process, made even by the square root (Anscombe). Null where there are no days before.
-#}
{% macro poisson_rise(recent, recent_days, before, before_days) -%}
    {%- set ratio -%}(cast({{ recent_days }} as double) / nullif({{ before_days }}, 0)){%- endset -%}
    (2 * (sqrt({{ recent }} + 0.375) - sqrt({{ ratio }} * ({{ before }} + 0.375))) / sqrt(1 + {{ ratio }}))
{%- endmacro %}


{#-
  Whether use is rising (F 3.7 WAIT_USE): three contacts or more in the recent days, half as many again as expected, and
  2.24 standard deviations above it: one in 80 by chance, for four kinds of contact one in 20. The fifth, any urgent
  contact, is made of three of them and adds at most another one in 80. Needs 90 days before.
-#}
{% macro is_use_rising(recent, recent_days, before, before_days) -%}
    coalesce(
        {{ before_days }} >= 90
        and {{ recent }} >= 3
        and {{ recent }} >= 1.5 * {{ before }} * cast({{ recent_days }} as double) / nullif({{ before_days }}, 0)
        and {{ poisson_rise(recent, recent_days, before, before_days) }} >= 2.24,
        false
    )
{%- endmacro %}
