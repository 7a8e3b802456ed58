{#-
  The events of registered people, of all metric files whose fact has a person (person_of_event), in two selects for
  CTEs as in metric_rows: sums by month and kind of person, and single events for what no sum can give. An average day has
  no people to divide.
-#}
{% macro metric_population_sums(product='uec') -%}
    {{ metric_population_rows(product, ['ratio', 'mean', 'sum']) }}
{%- endmacro %}


{% macro metric_population_values(product='uec') -%}
    {{ metric_population_rows(product, ['median', 'p90']) }}
{%- endmacro %}


{% macro metric_population_rows(product, aggregates) -%}
    {%- set single = 'p90' in aggregates -%}
    {%- set files = [] -%}
    {%- for file in metric_files(product) if 'person_of_event()' in file.node.raw_code and file.metric.aggregate in aggregates -%}
        {%- do files.append(file) -%}
    {%- endfor -%}
    {%- for file in files %}
    select
        '{{ file.id }}' as metric_id,
        {{ period_start('month', 'event_date') }} as period_start,
        {{ person_of_event() }},
        {{ 'cast(numerator as double)' if single else exact_sum('numerator') }} as numerator,
        {{ 'cast(denominator as double)' if single else 'sum(cast(denominator as double))' }} as denominator
    from {{ metric_events(file) }}
    where event_date is not null and registered_sub_icb_code is not null
    {%- if not single %}
    group by {{ period_start('month', 'event_date') }}, {{ person_of_event() }}
    {%- endif %}
    {{ 'union all' if not loop.last }}
    {%- else %}
    select
        cast(null as {{ dbt.type_string() }}) as metric_id,
        cast(null as date) as period_start,
        cast(null as {{ dbt.type_string() }}) as age_band,
        cast(null as {{ dbt.type_string() }}) as ethnic_group,
        cast(null as integer) as imd_quintile,
        cast(null as {{ dbt.type_string() }}) as sex_code,
        cast(null as {{ dbt.type_string() }}) as registered_sub_icb_code,
        cast(null as double) as numerator,
        cast(null as double) as denominator
    where 1 = 0
    {%- endfor %}
{%- endmacro %}


{#- Every row once for each dimension, under the value that it has there. -#}
{% macro metric_by_dimension(relation) -%}
    select
        person.metric_id,
        person.period_start,
        dimension.dimension,
        case dimension.dimension
            when 'all' then 'ALL'
            when 'sub_icb' then person.registered_sub_icb_code
            when 'imd_quintile' then coalesce(cast(person.imd_quintile as {{ dbt.type_string() }}), 'unknown')
            when 'age_band' then person.age_band
            when 'sex' then coalesce(person.sex_code, 'X')
            else person.ethnic_group
        end as dimension_value,
        person.numerator,
        person.denominator
    from {{ relation }} as person
    cross join ({{ one_row_each('dimension', [
        "'all'", "'sub_icb'", "'imd_quintile'", "'age_band'", "'sex'", "'ethnic_group'"
    ]) }}) as dimension
{%- endmacro %}
