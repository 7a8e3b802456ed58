{#- A name for comparison: upper case, letters only, so that O'Brien, OBRIEN and O BRIEN agree. Null where no letter is left. -#}
{% macro name_key(value) -%}
    nullif({{ regex_replace('upper(' ~ value ~ ')', '[^A-Z]') }}, '')
{%- endmacro %}
