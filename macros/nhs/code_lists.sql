{#- Brings in the row of a code list for a code: label, group_code, level. -#}
{% macro left_join_code(code_list, code, as) -%}
left join {{ ref('code_value') }} as {{ as }}
    on
        {{ code }} = {{ as }}.code
        and {{ as }}.code_list = '{{ code_list }}'
{%- endmacro %}

{#- A duration where it can be one: null below zero. -#}
{% macro not_negative(value) -%}
    case when {{ value }} >= 0 then {{ value }} end
{%- endmacro %}
