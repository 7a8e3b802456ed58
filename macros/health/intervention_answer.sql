{#-
  What one design of the evaluation of an intervention says (F 4.14): too_few (under 10 emergency admissions of those who took part,
  before or after, or none of the others), not_comparable (the two sides drew apart before), else fewer, more or
  not_told, by whether the interval of the ratio holds 1.
-#}
{% macro intervention_answer(row) -%}
    {%- set r = row ~ '.' -%}
    case
        when coalesce(least({{ r }}exposed_before, {{ r }}exposed_after), 0) < 10 or {{ r }}effect_ratio is null
            then 'too_few'
        when abs(ln({{ r }}trend_ratio)) > 1.959964 * {{ r }}trend_error then 'not_comparable'
        when ln({{ r }}effect_ratio) + 1.959964 * {{ r }}effect_error < 0 then 'fewer'
        when ln({{ r }}effect_ratio) - 1.959964 * {{ r }}effect_error > 0 then 'more'
        else 'not_told'
    end
{%- endmacro %}


{#- The design that answers; the other one confirms it or does not. -#}
{% macro is_main_design(row) -%}
    {{ row }}.design = 'characteristics'
{%- endmacro %}


{#-
  The answer that is given: of the main design, fewer or more only where the other design says the same. People who are
  chosen in a bad time get better by themselves, and the main design takes that for an effect (F 4.14).
-#}
{% macro confirmed_answer(row) -%}
    {%- set own = intervention_answer(row) -%}
    {%- set of_other = 'case when not ' ~ is_main_design(row) ~ ' then ' ~ own ~ ' end' -%}
    case
        when
            {{ is_main_design(row) }}
            and {{ own }} in ('fewer', 'more')
            and {{ own }} <> coalesce(max({{ of_other }}) over (partition by {{ row }}.intervention_id), 'too_few')
            then 'not_confirmed'
        else {{ own }}
    end
{%- endmacro %}
