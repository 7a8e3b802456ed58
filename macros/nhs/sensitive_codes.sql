{#-
  Legally restricted and locally sensitive codes (F 5.6). The codes are the seed sensitive_code: `drop` by statute, from
  the common data model on; `restrict` by local rule, from everything beyond direct care. They are read when a model
  is compiled, because a pattern that is constant is looked for sixty times faster than one that is read from a table.
-#}
{% macro sensitive_code_pattern(code_system, actions=['drop']) %}
    {#- A unit test of a model takes the built seed, so that the tests of every model need not give it. -#}
    {% if model is undefined or not execute %}{% do ref('sensitive_code') %}{% do return('') %}{% endif %}
    {% if model.resource_type != 'unit_test' %}{% do ref('sensitive_code') %}{% endif %}
    {% set seed = load_relation(api.Relation.create(database=target.database, schema='reference', identifier='sensitive_code')) %}
    {% if seed is none %}
        {#- Only where the project is compiled without a warehouse; a build has made the seed by now. -#}
        {% do return('.*') %}
    {% endif %}
    {% set found = [] %}
    {% for row in run_query("select code_prefix from " ~ seed ~ " where code_system = '" ~ code_system ~ "' and action in ('" ~ actions | join("', '") ~ "') order by code_prefix").rows %}
        {% do found.append(row[0]) %}
    {% endfor %}
    {% do return('(?:' ~ found | join('|') ~ ')' if found else '(?:no code)') %}
{% endmacro %}


{#- Code systems in which a prefix stands for all below it; a code of any other is whole. -#}
{% macro code_systems_by_prefix() %}{% do return(['icd10', 'opcs4']) %}{% endmacro %}


{#- True where a code is one of them. -#}
{% macro is_sensitive_code(code_system, code, actions=['drop']) -%}
    {%- set more = '.*' if code_system in code_systems_by_prefix() else '' -%}
    coalesce({{ regex_full_match(code, sensitive_code_pattern(code_system, actions) ~ more) }}, false)
{%- endmacro %}


{#- True where a code, or one of a list of codes separated by semicolons, is one of them. -#}
{% macro has_sensitive_code(code_system, codes, actions=['drop']) -%}
    {%- if codes.endswith('_codes') -%}
    coalesce({{ list_without_sensitive(code_system, codes, actions) }}, '') <> {{ codes }}
    {%- else -%}
    {{ is_sensitive_code(code_system, codes, actions) }}
    {%- endif -%}
{%- endmacro %}


{#- What may follow a code of the seed in a list of codes, each between semicolons. -#}
{% macro rest_of_sensitive_code(code_system) -%}
    case when {{ code_system }} in ('{{ code_systems_by_prefix() | join("', '") }}') then '%' else ';%' end
{%- endmacro %}


{#- A code, null where it is one of them. -#}
{% macro without_sensitive(code_system, code, actions=['drop']) -%}
    case when not {{ is_sensitive_code(code_system, code, actions) }} then {{ code }} end
{%- endmacro %}


{#- A list of codes separated by semicolons without them; null where none is left. -#}
{% macro list_without_sensitive(code_system, codes, actions=['drop']) -%}
    {%- set gone = regex_replace("';' || " ~ codes, ';' ~ sensitive_code_pattern(code_system, actions) ~ '[^;]*') -%}
    nullif({{ regex_replace(gone, '^;+') }}, '')
{%- endmacro %}
