{#-
  Whole years lived on a date; the birthday itself counts. A person born on 29 February ages on 1 March of a common year.
  Null outside 0 to 120 (F 2.1.7: a birth date of 1900 is a default, not a birth).
-#}
{% macro age_years(birth_date, on_date) -%}
    {%- set age -%}
        {{ year_of(on_date) }} - {{ year_of(birth_date) }} - case
            when
                100 * {{ month_of(on_date) }} + extract(day from {{ on_date }})
                < 100 * {{ month_of(birth_date) }} + extract(day from {{ birth_date }})
                then 1
            else 0
        end
    {%- endset -%}
    cast(case when {{ age }} between 0 and 120 then {{ age }} end as integer)
{%- endmacro %}

{#- Null for the default 1 January 1900 and for a birth after the record reached the hub. -#}
{% macro birth_date_clean(birth_date, received_at) -%}
    case
        when {{ birth_date }} > date '1900-01-01' and {{ birth_date }} <= cast({{ received_at }} as date) then {{ birth_date }}
    end
{%- endmacro %}

{#- NHS financial year, 1 April to 31 March, as 2025/26. -#}
{% macro financial_year(on_date) -%}
    {%- set start -%}({{ year_of(on_date) }} - case when {{ month_of(on_date) }} < 4 then 1 else 0 end){%- endset -%}
    (
        cast({{ start }} as {{ dbt.type_string() }})
        || '/' || substr(cast({{ start }} + 1 as {{ dbt.type_string() }}), 3, 2)
    )
{%- endmacro %}
