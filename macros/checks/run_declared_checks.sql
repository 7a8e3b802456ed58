{#-
  Evaluates every declared data test of the tables that were built now: ONE statement per table, every result
  (passes too) one row of hub.check_result. A dbt test costs about 50 ms to run as a node whatever it checks.

  Sources and views are checked where what they read was built, or a model that reads them. Where nothing that a table's
  checks read has changed, and no rule, their last results hold (checks_to_run); results of tables that were not built are kept.
  A test that the engine does not understand becomes a result with status 'error'; none is skipped.
-#}
{% macro run_declared_checks(results) %}
    {% if not execute or flags.WHICH not in ('build', 'run', 'seed', 'retry') %}{% do return('') %}{% endif %}
    {% set built = declared_checks_by_table(tables_to_check(results)) %}
    {% if not built %}{% do return('') %}{% endif %}
    {% set signatures = check_signatures(built) %}
    {% set tables = checks_to_run(built, signatures) %}
    {% set of_results = tables_of_results(tables) %}
    {% do find_columns(tables) %}
    {% do evaluate_checks(tables, tables.keys() | reject('in', of_results) | list) %}
    {% do run_query(merge_check_results(tables, built)) %}
    {% if of_results %}
        {% do evaluate_checks(tables, of_results) %}
        {% do run_query('insert into hub.check_result select * from hub.check_result__new') %}
    {% endif %}
    {% do remember_checks(tables, signatures) %}
    {% do report_checks(built) %}
    {% do run_query('drop table hub.check_result__new') %}
    {% do return('') %}
{% endmacro %}


{#- Leaves the results of the checks of some tables in hub.check_result__new. -#}
{% macro evaluate_checks(tables, ids) %}
    {% do run_query('create or replace table hub.check_result__new as select * from hub.check_result where false') %}
    {% for id in ids %}
        {% set statement = check_statement(tables[id]) %}
        {% set problem = 'the checks of ' ~ tables[id].table_name ~ ' can not be evaluated together; dbt test -s ' ~ tables[id].name ~ ' names the one that breaks' %}
        {% do try_or_compiler_error(problem, run_query, statement) %}
    {% endfor %}
    {% do find_sample_keys(tables) %}
{% endmacro %}


{#- Tables that show the results of checks come last, so that they are checked with the results of this run, not the last. -#}
{% macro tables_of_results(tables) %}
    {% set chosen = [] %}
    {% for id in tables if id in graph.nodes %}
        {% if 'source.' ~ project_name ~ '.hub.check_result' in graph.nodes[id].depends_on.nodes %}{% do chosen.append(id) %}{% endif %}
    {% endfor %}
    {% do return(chosen) %}
{% endmacro %}


{#- Unique ids of the models and seeds built now, and of the sources that they read. -#}
{% macro tables_to_check(results) %}
    {% set built = {} %}
    {% for result in results if result.status == 'success' and result.node.resource_type in ('model', 'seed', 'snapshot') %}
        {% do built.update({result.node.unique_id: true}) %}
        {% for parent in result.node.depends_on.nodes if parent.startswith('source.') %}
            {% do built.update({parent: true}) %}
        {% endfor %}
    {% endfor %}
    {% for id, node in graph.nodes.items() if node.resource_type == 'model' and node.config.materialized == 'view' and id not in built %}
        {% set behind = {} %}
        {% do nodes_behind(id, behind) %}
        {% for parent in behind if parent in built or (parent == 'source.' ~ project_name ~ '.hub.check_result' and env_var('BIHUB_RULES', '')) %}{% do built.update({id: true}) %}{% endfor %}
    {% endfor %}
    {% do return(built) %}
{% endmacro %}


{#- {table id: {relation, table_name, columns, key, checks: [...]}} of the given tables, or of all (none). -#}
{% macro declared_checks_by_table(table_ids=none) %}
    {% set tables = {} %}
    {% for test in graph.nodes.values() if test.resource_type == 'test' and test.test_metadata %}
        {% set table_id = test.attached_node or tested_table(test) %}
        {% if table_ids is none or table_id in table_ids %}
            {% if table_id not in tables %}
                {% do tables.update({table_id: {'id': table_id, 'checks': []}}) %}
            {% endif %}
            {% do tables[table_id].checks.append(test) %}
        {% endif %}
    {% endfor %}
    {% for table in tables.values() %}
        {% set node = graph.sources[table.id] if table.id.startswith('source.') else graph.nodes[table.id] %}
        {% do table.update({
            'name': node.name if not table.id.startswith('source.') else 'source:' ~ node.source_name ~ '.' ~ node.name,
            'table_name': node.schema ~ '.' ~ (node.identifier or node.alias),
            'relation': node.relation_name,
            'is_view': table.id.startswith('source.') or node.config.materialized == 'view',
            'key': sample_key(table.checks, node),
        }) %}
    {% endfor %}
    {% do return(tables) %}
{% endmacro %}


{% macro tested_table(test) %}
    {% if test.attached_node %}{% do return(test.attached_node) %}{% endif %}
    {% for parent in test.depends_on.nodes if parent.startswith('source.') %}{% do return(parent) %}{% endfor %}
    {% do return(test.depends_on.nodes | last) %}
{% endmacro %}


{#- The columns that each table really has: a test of another is refused by name instead of breaking all others. -#}
{% macro find_columns(tables) %}{{ return(adapter.dispatch('find_columns', 'bihub')(tables)) }}{% endmacro %}

{% macro default__find_columns(tables) %}
    {% for table in tables.values() %}
        {% set node = graph.sources[table.id] if table.id.startswith('source.') else graph.nodes[table.id] %}
        {% set relation = api.Relation.create(database=node.database, schema=node.schema, identifier=node.identifier or node.alias) %}
        {% do table.update({'columns': adapter.get_columns_in_relation(relation) | map(attribute='name') | map('lower') | list}) %}
    {% endfor %}
{% endmacro %}

{#- One query for all: asking for each costs more than the checks. -#}
{% macro duckdb__find_columns(tables) %}
    {% set found = {} %}
    {% for row in run_query("select table_schema || '.' || table_name, lower(column_name) from information_schema.columns").rows %}
        {% do found.setdefault(row[0], []).append(row[1]) %}
    {% endfor %}
    {% for table in tables.values() %}{% do table.update({'columns': found.get(table.table_name, [])}) %}{% endfor %}
{% endmacro %}


{#- The columns that name a row in a sample: what the table declares unique, unless it identifies a person. -#}
{% macro sample_key(tests, node) %}
    {% set keys = [] %}
    {% for test in tests if test.test_metadata.name == 'unique' %}{% do keys.append([test.column_name]) %}{% endfor %}
    {% for test in tests if test.test_metadata.name == 'unique_combination' %}{% do keys.append(test.test_metadata.kwargs.columns) %}{% endfor %}
    {% for key in keys %}
        {% set identifying = [] %}
        {% for name in key if (node.columns.get(name, {}).get('meta') or {}).get('sensitivity') == 'identifying' %}
            {% do identifying.append(name) %}
        {% endfor %}
        {% if not identifying %}{% do return(key) %}{% endif %}
    {% endfor %}
    {% do return([]) %}
{% endmacro %}
