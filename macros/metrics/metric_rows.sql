{#-
  The events of all metric files, in two selects for CTEs. What can be added is added up at once, by day, so that
  every longer period is a sum of few rows; a centile can not be made from parts and keeps every event. is_system:
  the row counts for the whole system too; an average day does not, because it is a sum of its organisations' averages.
-#}
{% macro metric_daily_sums(product='uec') -%}
    {%- set files = metric_files(product) | rejectattr('metric.aggregate', 'in', ['p90', 'median']) | list -%}
    {%- for file in files %}
    select
        '{{ file.id }}' as metric_id,
        event_date,
        organisation_code,
        site_code,
        is_covid,
        {{ metric_category(file) }} as category,
        {{ 'true' if file.metric.get('system') and file.metric.aggregate != 'daily_average' else 'false' }} as is_system,
        {{ exact_sum('numerator') }} as numerator,
        sum(cast(denominator as double)) as denominator
    from {{ metric_events(file) }}
    group by event_date, organisation_code, site_code, is_covid{{ ', category' if file.metric.get('category') }}
    {{ 'union all' if not loop.last }}
    {%- else %}
    {{ no_metric_rows() }}
    {%- endfor %}
{%- endmacro %}


{% macro metric_single_values(product='uec') -%}
    {%- set files = metric_files(product) | selectattr('metric.aggregate', 'in', ['p90', 'median']) | list -%}
    {%- for file in files %}
    select
        '{{ file.id }}' as metric_id,
        event_date,
        organisation_code,
        site_code,
        is_covid,
        {{ metric_category(file) }} as category,
        {{ 'true' if file.metric.get('system') else 'false' }} as is_system,
        cast(numerator as double) as numerator,
        cast(denominator as double) as denominator
    from {{ metric_events(file) }}
    {{ 'union all' if not loop.last }}
    {%- else %}
    {{ no_metric_rows() }}
    {%- endfor %}
{%- endmacro %}


{% macro metric_category(file) -%}
    {{ 'category' if file.metric.get('category') else 'cast(null as ' ~ dbt.type_string() ~ ')' }}
{%- endmacro %}


{% macro no_metric_rows() -%}
    select
        cast(null as {{ dbt.type_string() }}) as metric_id,
        cast(null as date) as event_date,
        cast(null as {{ dbt.type_string() }}) as organisation_code,
        cast(null as {{ dbt.type_string() }}) as site_code,
        cast(null as boolean) as is_covid,
        cast(null as {{ dbt.type_string() }}) as category,
        cast(null as boolean) as is_system,
        cast(null as double) as numerator,
        cast(null as double) as denominator
    where 1 = 0
{%- endmacro %}


{#-
  Every row at every place where it counts: day, week and month; its site, the whole organisation and, where the metric
  has one, the system; all, and its COVID-19 group where it has one; all, and its category where it has one.
-#}
{% macro metric_placed(relation) -%}
    select
        metric_row.metric_id,
        period.period_grain,
        case period.period_grain
            when 'day' then metric_row.event_date
            when 'week' then {{ period_start('week', 'metric_row.event_date') }}
            else {{ period_start('month', 'metric_row.event_date') }}
        end as period_start,
        case when place.place = 'system' then '{{ var('system_organisation') }}' else metric_row.organisation_code end
            as organisation_code,
        case when place.place = 'site' then metric_row.site_code else 'ALL' end as site_code,
        covid.covid_group,
        case when kind.has_category then metric_row.category else 'ALL' end as category,
        metric_row.event_date,
        metric_row.numerator,
        metric_row.denominator
    from {{ relation }} as metric_row
    cross join ({{ one_row_each('period_grain', ["'day'", "'week'", "'month'"]) }}) as period
    cross join ({{ one_row_each('place', ["'site'", "'organisation'", "'system'"]) }}) as place
    cross join ({{ one_row_each('has_category', ['true', 'false']) }}) as kind
    inner join (
        select 'all' as covid_group, cast(null as boolean) as is_covid
        union all
        select 'covid' as covid_group, true as is_covid
        union all
        select 'non_covid' as covid_group, false as is_covid
    ) as covid
        on covid.covid_group = 'all' or metric_row.is_covid = covid.is_covid
    where
        metric_row.event_date is not null
        and (place.place <> 'site' or metric_row.site_code is not null)
        and (place.place <> 'system' or metric_row.is_system)
        and (not kind.has_category or metric_row.category is not null)
{%- endmacro %}


{#- A subquery of literals, one row each. -#}
{% macro one_row_each(name, values) -%}
    {%- for value in values -%}
        select {{ value }} as {{ name }}{{ ' union all ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}


{#- What one row of a metric table is, as columns. -#}
{% macro metric_grain(alias=none, organisation='organisation_code') -%}
    {%- set of = alias ~ '.' if alias else '' -%}
    {{ of }}metric_id,
    {{ of }}period_grain,
    {{ of }}period_start,
    {{ of }}{{ organisation }},
    {{ of }}site_code,
    {{ of }}covid_group,
    {{ of }}category
{%- endmacro %}


{#- True until the period is over and its data have settled. -#}
{% macro is_before_final(period_grain, period_start, days_to_final) -%}
    {{ days_add('coalesce(' ~ days_to_final ~ ', 0)', next_period_start(period_grain, period_start)) }} > {{ as_of_date() }}
{%- endmacro %}
