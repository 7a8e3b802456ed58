{#- Brings in the row of a code list for a code: label, group_code, level. -#}
{% macro left_join_code(code_list, code, as) -%}
left join {{ ref('code_value') }} as {{ as }}
    on
        {{ code }} = {{ as }}.code
        and {{ as }}.code_list = '{{ code_list }}'
{%- endmacro %}

{#- Discharge groups that count as admitted: also transfers, the short-stay ward and same day emergency care (F 2.1.5). -#}
{% macro admitted_group(discharge_group) -%}
    ({{ discharge_group }} in ('admitted', 'transfer', 'short_stay_admitted'))
{%- endmacro %}

{#- A duration where it can be one: null below zero. -#}
{% macro not_negative(value) -%}
    case when {{ value }} >= 0 then {{ value }} end
{%- endmacro %}
