{#- The groups by which products of population health are summed up: name and expression over person_profile. -#}
{% macro phm_groups(profile='profile') %}
    {% do return([
        ('all', "'all'"),
        ('place', "coalesce(" ~ profile ~ ".sub_icb_code, 'unknown')"),
        ('pcn', "coalesce(" ~ profile ~ ".pcn_code, 'unknown')"),
        ('practice', "coalesce(" ~ profile ~ ".gp_practice_code, 'unknown')"),
        ('imd_decile', "coalesce(cast(" ~ profile ~ ".imd_decile as " ~ dbt.type_string() ~ "), 'unknown')"),
        ('ethnic_group', "coalesce(" ~ profile ~ ".ethnic_group, 'unknown')"),
        ('age_band', age_band(profile ~ '.age_years')),
    ]) %}
{% endmacro %}


{#- The columns in_<group> of these, for a select over person_profile. -#}
{% macro phm_group_columns(profile='profile') -%}
    {%- for name, sql in phm_groups(profile) %}
    {{ sql }} as in_{{ name }}{{ ',' if not loop.last }}
    {%- endfor %}
{%- endmacro %}


{#- Rows with columns in_<group>, summed up by each group: selects joined by union all, with group_kind and group_value. -#}
{% macro summed_by_phm_group(rows, keys, sums) -%}
    {%- for name, sql in phm_groups() %}
    select
        '{{ name }}' as group_kind,
        in_{{ name }} as group_value,
        {%- for key in keys %}
        {{ key }},
        {%- endfor %}
        {%- for alias, value in sums.items() %}
        sum({{ value }}) as {{ alias }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ rows }}
    group by {{ (keys + ['in_' ~ name]) | join(', ') }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
{%- endmacro %}
