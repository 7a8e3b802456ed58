{#- The moment that this build describes: local clock, one value per run. The only clock that a model may use (design 4.1). -#}
{% macro as_of() -%}
    (select as_of from {{ source('hub', 'run_context') }})
{%- endmacro %}
