{#- Staging models of one shape, one under the other. Their columns come in one order because one macro writes them. -#}
{% macro stacked(models) %}
    {%- for model in models %}
        select * from {{ ref(model) }}
        {{ 'union all' if not loop.last }}
    {%- endfor %}
{% endmacro %}
