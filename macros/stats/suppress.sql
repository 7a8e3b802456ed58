{#-
  Small numbers protected as NHS England does in HES and ECDS (F 5.7): 0 stays 0, 1 to 7 is hidden, any other count is
  rounded to the nearest 5, halves up (12.5 is 15). An average count is hidden where it rounds to 7 or less.
-#}

{% macro is_small(n) -%}
    (abs({{ n }}) > 0 and abs({{ n }}) < 7.5)
{%- endmacro %}


{#- The count as a number that may be shown; null where it is hidden. -#}
{% macro protected_count(n) -%}
    case when not {{ is_small(n) }} then 5 * floor({{ n }} / 5.0 + 0.5) end
{%- endmacro %}


{#- The count as a reader sees it: 0, * or a multiple of 5; null for null. -#}
{% macro suppress(n) -%}
    case
        when {{ is_small(n) }} then '*'
        else cast(cast({{ protected_count(n) }} as bigint) as {{ dbt.type_string() }})
    end
{%- endmacro %}


{#- What became of a count: not_applicable (there is none), suppressed, zero, ok. -#}
{% macro value_status(n) -%}
    case
        when {{ n }} is null then 'not_applicable'
        when {{ is_small(n) }} then 'suppressed'
        when {{ n }} = 0 then 'zero'
        else 'ok'
    end
{%- endmacro %}
