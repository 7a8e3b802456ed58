{#- True where an age lies within min_age and max_age of a row, either may be open; unknown lies in none. -#}
{% macro age_in_range(age_years, row) -%}
    coalesce({{ age_years }} between coalesce({{ row }}.min_age, 0) and coalesce({{ row }}.max_age, 200), false)
{%- endmacro %}


{#-
  The day after which evidence counts: so many months before the index date, itself not included (F 3.10); without months
  the last day before the season, which begins on 1 September.
-#}
{% macro window_start(index_date, months) -%}
    case
        when {{ months }} is not null then {{ months_add('-' ~ months, index_date) }}
        else {{ days_add(-1, months_add(8, period_start('year', months_add(-8, index_date)))) }}
    end
{%- endmacro %}


{#- A measured value as text: 58, 7.5, 142/88. Null where there is none. -#}
{% macro value_as_text(value, second_value, unit) -%}
    {{ number_as_text(value) }}
    || case when {{ second_value }} is not null then '/' || {{ number_as_text(second_value) }} else '' end
    || coalesce(' ' || nullif({{ unit }}, ''), '')
{%- endmacro %}


{% macro number_as_text(value) -%}
    case
        when {{ value }} = floor({{ value }}) then cast(cast({{ value }} as bigint) as {{ dbt.type_string() }})
        else cast(round({{ value }}, 1) as {{ dbt.type_string() }})
    end
{%- endmacro %}


{#- Whether any of the rows of a person names a register, as has_<register>. -#}
{% macro condition_flag(register) -%}
    max(case when register_code = '{{ register }}' then 1 else 0 end) = 1 as has_{{ register | lower }}
{%- endmacro %}
