{#- Schemas follow folders: staging, person_index, cdm, and one per product (uec, quality); seeds lie in reference. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {%- if custom_schema_name -%}{{ custom_schema_name | trim }}
    {%- elif node.resource_type == 'seed' -%}reference
    {%- elif node.fqn | length > 2 and node.fqn[1] == 'marts' -%}{{ node.fqn[2] }}
    {%- elif node.fqn | length > 2 -%}{{ node.fqn[1] }}
    {%- else -%}{{ target.schema }}
    {%- endif -%}
{%- endmacro %}
