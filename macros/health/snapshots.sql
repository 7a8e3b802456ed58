{#- The index dates that products show: the day of as_of and the 13 month ends before it. A select. -#}
{% macro snapshot_dates() -%}
    select
        index_date.index_date,
        index_date.is_current,
        index_date.index_number
    from {{ ref('index_date') }} as index_date
    where index_date.index_number > (select max(newest.index_number) - 14 from {{ ref('index_date') }} as newest)
{%- endmacro %}


{#- Age bands of the segmentation matrix (F 4.2); unknown where the age is. -#}
{% macro segment_age_band(age_years) -%}
    case
        when {{ age_years }} between 0 and 4 then '00-04'
        when {{ age_years }} between 5 and 17 then '05-17'
        when {{ age_years }} between 18 and 39 then '18-39'
        when {{ age_years }} between 40 and 64 then '40-64'
        when {{ age_years }} between 65 and 79 then '65-79'
        when {{ age_years }} >= 80 then '80+'
        else 'unknown'
    end
{%- endmacro %}
