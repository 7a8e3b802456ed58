{#- Groups of people that are compared (F 4.10, 4.11): name and expression over person_profile. -#}
{% macro inequality_groups(profile='profile') %}
    {%- set imd = profile ~ '.imd_decile' -%}
    {%- set text = dbt.type_string() -%}
    {% do return([
        ('all', "'all'"),
        ('place', "coalesce(" ~ profile ~ ".sub_icb_code, 'unknown')"),
        ('pcn', "coalesce(" ~ profile ~ ".pcn_code, 'unknown')"),
        ('practice', "coalesce(" ~ profile ~ ".gp_practice_code, 'unknown')"),
        ('imd_decile', "coalesce(cast(" ~ imd ~ " as " ~ text ~ "), 'unknown')"),
        ('imd_quintile', "coalesce(cast(cast(floor((" ~ imd ~ " + 1) / 2) as integer) as " ~ text ~ "), 'unknown')"),
        ('core20', "case when " ~ imd ~ " <= 2 then 'core20' when " ~ imd ~ " > 2 then 'rest' else 'unknown' end"),
        ('ethnic_group', "coalesce(" ~ profile ~ ".ethnic_group, 'unknown')"),
    ]) %}
{% endmacro %}


{#- The columns in_<group> of these, for a select over person_profile. -#}
{% macro inequality_group_columns(profile='profile') -%}
    {%- for name, sql in inequality_groups(profile) %}
    {{ sql }} as in_{{ name }}{{ ',' if not loop.last }}
    {%- endfor %}
{%- endmacro %}


{#- Rows with columns in_<group>, summed up by each of these groups: selects joined by union all. -#}
{% macro summed_by_inequality_group(rows, keys, sums) -%}
    {%- for name, sql in inequality_groups() %}
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
