{#-
  One macro per kind of check: the condition that a failing row meets. Null is never a failure, except for not_null.
  The generic tests (generic_tests.sql) and the engine (run_declared_checks.sql) both read these, so that
  `dbt test -s x` and a run of the hub can not disagree. A new kind = one macro here + one {% raw %}{% test %}{% endraw %} there.
-#}
{% macro failing_rows__not_null(column_name) -%}
    {{ column_name }} is null
{%- endmacro %}

{% macro failing_rows__accepted_values(column_name, values, quote=true) -%}
    {%- if quote %}not {{ is_one_of(column_name, values) }}
    {%- else %}{{ column_name }} not in ({{ values | join(', ') }})
    {%- endif -%}
{%- endmacro %}

{% macro failing_rows__accepted_range(column_name, min_value=none, max_value=none) -%}
    {%- if min_value is none and max_value is none -%}
        {{ exceptions.raise_compiler_error('accepted_range of ' ~ column_name ~ ' needs min_value, max_value or both') }}
    {%- endif -%}
    {%- if min_value is not none %}{{ column_name }} < {{ min_value }}{% endif -%}
    {%- if min_value is not none and max_value is not none %} or {% endif -%}
    {%- if max_value is not none %}{{ column_name }} > {{ max_value }}{% endif -%}
{%- endmacro %}

{#- Fails where the expression is false; an expression about a missing value says nothing (use not_null for that). -#}
{% macro failing_rows__expression_is_true(column_name, expression) -%}
    not ({{ column_name if column_name }} {{ expression }})
{%- endmacro %}

{% macro failing_rows__matches(column_name, regex) -%}
    not {{ regex_full_match('cast(' ~ column_name ~ ' as ' ~ dbt.type_string() ~ ')', regex | replace("'", "''")) }}
{%- endmacro %}

{#- Row conditions of kinds that need more than the row: what is counted once the whole table is known. -#}
{% macro failing_rows__not_null_share(column_name, at_least) -%}
    {{ column_name }} is null
{%- endmacro %}

{% macro key_expression(columns) -%}
    {%- for column in columns -%}
        {%- if loop.length == 1 -%}cast({{ column }} as {{ dbt.type_string() }})
        {%- else -%}coalesce(cast({{ column }} as {{ dbt.type_string() }}), ''){{ " || '|' || " if not loop.last }}
        {%- endif -%}
    {%- endfor -%}
{%- endmacro %}
