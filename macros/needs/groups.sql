{#-
  The groups by which people are summed up and compared (F 3.11, 4.10, 4.11): name and expression over person_profile, in the
  order of `kinds`; without it those of the products. Inequalities ask for inequality_kinds().
-#}
{% macro phm_groups(profile='profile', kinds=none) %}
    {%- set imd = profile ~ '.imd_decile' -%}
    {%- set text = dbt.type_string() -%}
    {%- set known = {
        'all': "'all'",
        'place': "coalesce(" ~ profile ~ ".sub_icb_code, 'unknown')",
        'pcn': "coalesce(" ~ profile ~ ".pcn_code, 'unknown')",
        'practice': "coalesce(" ~ profile ~ ".gp_practice_code, 'unknown')",
        'imd_decile': "coalesce(cast(" ~ imd ~ " as " ~ text ~ "), 'unknown')",
        'imd_quintile': "coalesce(cast(cast(floor((" ~ imd ~ " + 1) / 2) as integer) as " ~ text ~ "), 'unknown')",
        'core20': "case when " ~ imd ~ " <= 2 then 'core20' when " ~ imd ~ " > 2 then 'rest' else 'unknown' end",
        'ethnic_group': "coalesce(" ~ profile ~ ".ethnic_group, 'unknown')",
        'age_band': age_band(profile ~ '.age_years'),
    } -%}
    {%- set found = [] -%}
    {%- for kind in kinds or ['all', 'place', 'pcn', 'practice', 'imd_decile', 'ethnic_group', 'age_band'] -%}
        {%- do found.append((kind, known[kind])) -%}
    {%- endfor -%}
    {% do return(found) %}
{% endmacro %}


{#- Kinds of groups between which rates are compared: age is standardised for, so it is none of them. -#}
{% macro inequality_kinds() %}
    {% do return(['all', 'place', 'pcn', 'practice', 'imd_decile', 'imd_quintile', 'core20', 'ethnic_group']) %}
{% endmacro %}


{#- The columns in_<group> of these, for a select over person_profile. -#}
{% macro phm_group_columns(profile='profile', kinds=none) -%}
    {%- for name, sql in phm_groups(profile, kinds) %}
    {{ sql }} as in_{{ name }}{{ ',' if not loop.last }}
    {%- endfor %}
{%- endmacro %}


{#- Rows with columns in_<group>, summed up by each group: selects joined by union all, with group_kind and group_value. -#}
{% macro summed_by_phm_group(rows, keys, sums, kinds=none) -%}
    {%- for name, sql in phm_groups(kinds=kinds) %}
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
