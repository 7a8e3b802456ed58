{#- ICD-10 as stored: upper case, no dot, without trailing padding (X, -) or marks (D, A) (F 0.3). U07.1D becomes U071. -#}
{% macro icd10_clean(value) -%}
    {{ regex_extract("upper(replace(" ~ value ~ ", '.', ''))", '^ *([A-Z][0-9]{2}[0-9]?)', 1) }}
{%- endmacro %}

{#- A list of such codes, separated by semicolons, each cut to the same form. -#}
{% macro icd10_list_clean(value) -%}
    {%- set one_separator = regex_replace("upper(replace(" ~ value ~ ", '.', ''))", '[^A-Z0-9]+', ';') -%}
    nullif({{ regex_keep_group(one_separator, '([A-Z][0-9]{2}[0-9]?)[^;]*') }}, '')
{%- endmacro %}

{#- True where a list of cleaned ICD-10 codes separated by semicolons holds a code. -#}
{% macro icd10_list_has(codes, code) -%}
    (';' || coalesce({{ codes }}, '') || ';') like '%;{{ code }};%'
{%- endmacro %}

{#-
  Incident number in the form that both the ambulance service and its receivers reduce to: a site prefix goes, so do
  zeros that pad a part, and parts are joined by a hyphen.
-#}
{% macro incident_number_key(value) -%}
    {%- set without_prefix = regex_replace('upper(' ~ value ~ ')', '^[A-Z][A-Z0-9]*[^A-Z0-9]+') -%}
    {%- set with_hyphens = regex_replace(without_prefix, '[^0-9]+', '-') -%}
    nullif({{ regex_replace(with_hyphens, '^0+') }}, '')
{%- endmacro %}
