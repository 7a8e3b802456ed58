{#- Postcode as AA9A 9AA; null where it does not have the shape of a postcode (F 1.5). -#}
{% macro postcode_clean(value) -%}
    {%- set compact = regex_replace('upper(' ~ value ~ ')', '[^A-Z0-9]') -%}
    case
        when {{ regex_full_match(compact, '[A-Z]{1,2}[0-9][0-9A-Z]?[0-9][A-Z]{2}') }}
            then substr({{ compact }}, 1, length({{ compact }}) - 3) || ' ' || substr({{ compact }}, length({{ compact }}) - 2, 3)
    end
{%- endmacro %}

{#- Practice code, upper case; null for the national dummy codes, which mean no, no applicable or no known practice (F 1.5). -#}
{% macro gp_practice_clean(value) -%}
    case when upper({{ value }}) not in ('V81997', 'V81998', 'V81999') then upper({{ value }}) end
{%- endmacro %}
