{#-
  Opaque, stable stand-in for a value under the key of a purpose (design 4.2); null for null. The key never reaches SQL:
  the function hub_pseudonym is registered on the connection (orchestration/dbt_plugin.py); other engines need a user
  defined function of the same name.
-#}
{% macro pseudonym(purpose, value) -%}
    hub_pseudonym('{{ purpose }}', {{ value }})
{%- endmacro %}
