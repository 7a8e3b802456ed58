{#- A wait in seconds, without telephony clock skew: up to 60 seconds before the offer is no wait, earlier is unknown (F 2.9). -#}
{% macro wait_seconds(seconds) -%}
    cast(case when {{ seconds }} >= 0 then {{ seconds }} when {{ seconds }} >= -60 then 0 end as integer)
{%- endmacro %}
