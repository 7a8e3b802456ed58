{#- The level of a comparison between two relations, as a number: the last level is 0, the best the highest; null: no value. -#}
{% macro linkage_level(comparison, one, other) -%}
    case
        {%- for column in comparison.columns %}
        when {{ one }}.{{ column }} is null or {{ other }}.{{ column }} is null then null
        {%- endfor %}
        {%- for level in comparison.levels if level.when %}
        when {{ linkage_condition(level.when, one, other) }} then {{ comparison.levels | length - loop.index }}
        {%- endfor %}
        else 0
    end
{%- endmacro %}

{#- The levels of several comparisons, as columns <comparison>_level. -#}
{% macro linkage_levels(comparisons, one, other) -%}
    {%- for comparison in comparisons -%}
    {{ linkage_level(comparison, one, other) }} as {{ comparison.name }}_level
        {{- ',\n        ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{% macro linkage_condition(condition, one, other) -%}
    {{ condition | replace('[l.', one ~ '.') | replace('[r.', other ~ '.') | replace(']', '') }}
{%- endmacro %}

{#- One row: every weight and threshold of the seeds as a column (weight_family_name_5, prior, match, ...). -#}
{% macro linkage_weights() -%}
    select
        {%- for comparison in linkage_comparisons() %}
        {%- for level in comparison.levels %}
        max(case when comparison = '{{ comparison.name }}' and level = '{{ level.level }}' then weight end)
            as weight_{{ comparison.name }}_{{ comparison.levels | length - loop.index }},
        {%- endfor %}
        {%- endfor %}
        max(case when comparison = 'prior' then weight end) as prior
    from {{ ref('linkage_weight') }}
{%- endmacro %}

{#- The weight of a level, from a row of linkage_weights; nothing for a missing value. -#}
{% macro weight_of_level(comparison, level, weights='weights') -%}
    case {{ level }}
        {%- for _ in comparison.levels %}
        when {{ loop.index0 }} then {{ weights }}.weight_{{ comparison.name }}_{{ loop.index0 }}
        {%- endfor %}
        else 0.0
    end
{%- endmacro %}

{#- Threshold of seeds/linkage_threshold.csv, as a value in SQL. -#}
{% macro linkage_threshold(name) -%}
    (select value from {{ ref('linkage_threshold') }} where threshold = '{{ name }}')
{%- endmacro %}
