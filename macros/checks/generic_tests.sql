{#-
  The same kinds as ordinary dbt generic tests: `dbt test -s x` returns the failing rows. accepted_values and unique
  replace dbt's own, which count distinct values: here a failure is always a row.
-#}
{% test accepted_values(model, column_name, values, quote=true) %}
select * from {{ model }} where {{ failing_rows__accepted_values(column_name, values, quote) }}
{% endtest %}

{% test accepted_range(model, column_name, min_value=none, max_value=none) %}
select * from {{ model }} where {{ failing_rows__accepted_range(column_name, min_value, max_value) }}
{% endtest %}

{% test expression_is_true(model, expression, column_name=none) %}
select * from {{ model }} where {{ failing_rows__expression_is_true(column_name, expression) }}
{% endtest %}

{% test matches(model, column_name, regex) %}
select * from {{ model }} where {{ failing_rows__matches(column_name, regex) }}
{% endtest %}

{% test not_null_share(model, column_name, at_least) %}
select * from {{ model }}
where
    {{ failing_rows__not_null_share(column_name, at_least) }}
    and (select count({{ column_name }}) < {{ at_least }} * count(*) from {{ model }})
{% endtest %}

{% test unique(model, column_name) %}
{{ rows_with_shared_key(model, [column_name]) }} and {{ column_name }} is not null
{% endtest %}

{% test unique_combination(model, columns) %}
{{ rows_with_shared_key(model, columns) }}
{% endtest %}

{#- A missing part of a combination is a value like any other: two rows without it share the key. -#}
{% macro rows_with_shared_key(model, columns) %}
select *
from (
    select {{ columns | join(', ') }}, count(*) over (partition by {{ columns | join(', ') }}) as rows_of_key
    from {{ model }}
) as keyed
where rows_of_key > 1
{%- endmacro %}
