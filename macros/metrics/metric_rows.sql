{#-
  The events of all metric files, in two selects for CTEs. What can be added is added up at once, by day, so that
  every longer period is a sum of few rows; a centile can not be made from parts and keeps every event.
-#}
{% macro metric_daily_sums(product='uec') -%}
    {%- set files = metric_files(product) | selectattr('metric.aggregate', 'in', ['ratio', 'mean', 'daily_average']) | list -%}
    {%- for file in files %}
    select
        '{{ file.id }}' as metric_id,
        event_date,
        organisation_code,
        site_code,
        is_covid,
        sum(cast(numerator as double)) as numerator,
        sum(cast(denominator as double)) as denominator
    from {{ metric_events(file) }}
    group by event_date, organisation_code, site_code, is_covid
    {{ 'union all' if not loop.last }}
    {%- else %}
    {{ no_metric_rows() }}
    {%- endfor %}
{%- endmacro %}


{% macro metric_single_values(product='uec') -%}
    {%- set files = metric_files(product) | selectattr('metric.aggregate', 'equalto', 'p90') | list -%}
    {%- for file in files %}
    select
        '{{ file.id }}' as metric_id,
        event_date,
        organisation_code,
        site_code,
        is_covid,
        cast(numerator as double) as numerator,
        cast(denominator as double) as denominator
    from {{ metric_events(file) }}
    {{ 'union all' if not loop.last }}
    {%- else %}
    {{ no_metric_rows() }}
    {%- endfor %}
{%- endmacro %}


{% macro no_metric_rows() -%}
    select
        cast(null as {{ dbt.type_string() }}) as metric_id,
        cast(null as date) as event_date,
        cast(null as {{ dbt.type_string() }}) as organisation_code,
        cast(null as {{ dbt.type_string() }}) as site_code,
        cast(null as boolean) as is_covid,
        cast(null as double) as numerator,
        cast(null as double) as denominator
    where 1 = 0
{%- endmacro %}


{#-
  Every row at every place where it counts: day, week and month; its site and the whole organisation; all, and its
  COVID-19 group where it has one. A row without a site counts for the whole organisation only.
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
        metric_row.organisation_code,
        case when place.is_site then metric_row.site_code else 'ALL' end as site_code,
        covid.covid_group,
        metric_row.event_date,
        metric_row.numerator,
        metric_row.denominator
    from {{ relation }} as metric_row
    cross join (
        select 'day' as period_grain
        union all
        select 'week' as period_grain
        union all
        select 'month' as period_grain
    ) as period
    cross join (
        select true as is_site
        union all
        select false as is_site
    ) as place
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
        and (metric_row.site_code is not null or not place.is_site)
{%- endmacro %}
