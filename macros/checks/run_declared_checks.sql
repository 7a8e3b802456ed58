{% macro run_declared_checks(results) %}{% endmacro %}
