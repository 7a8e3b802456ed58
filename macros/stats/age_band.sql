{#- Seven bands of whole years, as in F 7.3; 'unknown' where the age is. -#}
{% macro age_band(age_years) -%}
    case
        when {{ age_years }} between 0 and 4 then '00-04'
        when {{ age_years }} between 5 and 17 then '05-17'
        when {{ age_years }} between 18 and 39 then '18-39'
        when {{ age_years }} between 40 and 64 then '40-64'
        when {{ age_years }} between 65 and 74 then '65-74'
        when {{ age_years }} between 75 and 84 then '75-84'
        when {{ age_years }} >= 85 then '85+'
        else 'unknown'
    end
{%- endmacro %}
