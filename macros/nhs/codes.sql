{#- ICD-10 as stored: upper case, no dot, without trailing padding (X, -) or marks (D, A) (F 0.3). U07.1D becomes U071. -#}
{% macro icd10_clean(value) -%}
    {{ regex_extract("upper(replace(" ~ value ~ ", '.', ''))", '^ *([A-Z][0-9]{2}[0-9]?)', 1) }}
{%- endmacro %}

{#- A list of such codes, separated by semicolons, each cut to the same form. -#}
{% macro icd10_list_clean(value) -%}
    {%- set one_separator = regex_replace("upper(replace(" ~ value ~ ", '.', ''))", '[^A-Z0-9]+', ';') -%}
    {%- set no_loose_ends = regex_replace(one_separator, '^;+|;+$') -%}
    nullif({{ regex_keep_group(no_loose_ends, '([A-Z][0-9]{2}[0-9]?)[^;]*') }}, '')
{%- endmacro %}

{#- True where a list of cleaned ICD-10 codes separated by semicolons holds a code. -#}
{% macro icd10_list_has(codes, code) -%}
    (';' || coalesce({{ codes }}, '') || ';') like '%;{{ code }};%'
{%- endmacro %}

{#-
  Incident number in the form that both the ambulance service and its receivers reduce to: digits only, without a site
  prefix in front (RAJ12-, RAJ12, BAS/, SOU) and without zeros that pad it (F 2.1.7 defect 13). Null where no digit is left.
-#}
{% macro incident_number_key(value) -%}
    {%- set prefix = '^ *(?:[A-Z][A-Z0-9]*[^A-Z0-9]+|R[A-Z0-9]{4}|[A-Z]+)' -%}
    {%- set digits = regex_replace(regex_replace('upper(' ~ value ~ ')', prefix), '[^0-9]') -%}
    nullif({{ regex_replace(digits, '^0+') }}, '')
{%- endmacro %}
