{#-
  A select: one row per place of `relation` for a measure of the position now (and per category, without those that are
  null). `relation` gives organisation_code, site_code, partner, feed_table, described_at; where described_at is null the
  feed never told anything, and so the measure has no number: missing is not zero.
-#}
{% macro flow_rows(measure_id, relation, numerator, denominator='null', category=none) -%}
    select
        '{{ measure_id }}' as measure_id,
        organisation_code,
        site_code,
        {{ category or "'ALL'" }} as category,
        cast(case when min(described_at) is not null then {{ numerator }} end as double) as numerator,
        cast(case when min(described_at) is not null then {{ denominator }} end as double) as denominator,
        cast(min(described_at) as timestamp) as described_at,
        partner,
        feed_table
    from {{ relation }}
    {%- if category %}
    where {{ category }} is not null
    {%- endif %}
    group by organisation_code, site_code, partner, feed_table{{ ', ' ~ category if category }}
{%- endmacro %}


{#- Bands of waiting that the national sitrep uses, from minutes. -#}
{% macro four_hour_band(minutes) -%}
    case
        when {{ minutes }} < 240 then '00-04 h'
        when {{ minutes }} < 480 then '04-08 h'
        when {{ minutes }} < 720 then '08-12 h'
        when {{ minutes }} >= 720 then '12 h and over'
    end
{%- endmacro %}
