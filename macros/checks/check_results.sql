{#- The table of results, and how one run's results replace the last ones. -#}
{% macro create_check_result() %}
    create table if not exists hub.check_result (
        check_id varchar, check_name varchar, kind varchar, table_name varchar, column_name varchar, severity varchar,
        rows_checked bigint, rows_failed bigint, sample_key_low varchar, sample_key_high varchar,
        status varchar, message varchar, as_of timestamp
    )
{% endmacro %}


{#-
  One statement, so that a reader never sees half of it: new results, and the last ones of other tables. Those of a table
  that was built and came out as it was hold for the new moment too, and so do those of seeds, which a run leaves out
  under rules that it built them under.
-#}
{% macro merge_check_results(tables, built) %}
    {%- set confirmed = built.values() | map(attribute='table_name') | list %}
    {%- for node in graph.nodes.values() if node.resource_type == 'seed' and env_var('BIHUB_RULES', '') %}
        {%- do confirmed.append(node.schema ~ '.' ~ node.alias) %}
    {%- endfor %}
    create or replace table hub.check_result as
    select * from hub.check_result__new
    union all
    select
        check_id, check_name, kind, table_name, column_name, severity, rows_checked, rows_failed, sample_key_low,
        sample_key_high, status, message,
        case when table_name in ('' {%- for name in confirmed %}, {{ sql_text(name) }}{% endfor %}) then (select as_of from {{ source('hub', 'run_context') }}) else as_of end as as_of
    from hub.check_result
    where
        table_name not in ('' {%- for table in tables.values() %}, {{ sql_text(table.table_name) }}{% endfor %})
        and check_id in (
            {%- for test in graph.nodes.values() if test.resource_type == 'test' and test.test_metadata -%}
                {{ sql_text(test.unique_id) }}{{ ', ' if not loop.last }}
            {%- endfor -%}
        )
{% endmacro %}


{#- Names and counts only: no value of a row is ever printed. -#}
{% macro report_checks(tables) %}
    {% set failing = run_query("select status, severity, table_name, check_name, rows_failed, message from hub.check_result where status <> 'pass' and table_name in ('" ~ tables.values() | map(attribute='table_name') | join("', '") ~ "') order by status, check_name").rows %}
    {% set declared = tables.values() | map(attribute='checks') | map('length') | sum %}
    {% do log(declared ~ ' checks of ' ~ tables | length ~ ' tables: ' ~ (declared - failing | length) ~ ' pass, ' ~ failing | length ~ ' do not', info=true) %}
    {% for row in failing %}
        {% do log('  ' ~ row[0] ~ ': ' ~ row[3] ~ ' (' ~ row[2] ~ '), ' ~ (row[4] ~ ' rows' if row[0] != 'error' else row[5]), info=true) %}
    {% endfor %}
{% endmacro %}
