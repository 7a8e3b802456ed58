{#-
  hub.table_state: from what each table was made. One row per model that is a table or a view:
  definition (hash of its SQL), inputs (JSON: what it read, each with the tag of its content), content (rows and the
  sum of the rows' hashes: equal content has an equal tag, in whatever order rows lie), changes_from (the tag of the
  content before, where changes."<table>" holds the rows that differ), outcome, rows_changed, built_in (the dbt
  invocation that last did anything to it).
-#}
{% macro create_table_state() %}
    {% do run_query('create table if not exists hub.table_state (table_name varchar, definition varchar, inputs varchar, content varchar, changes_from varchar, outcome varchar, rows_changed bigint, built_in varchar)') %}
    {% do run_query('create table if not exists hub.batch_seen (table_name varchar, feed varchar, batch_id varchar)') %}
    {# The SQL of views, so that a table can follow a key in what lies behind them. #}
    {% do run_query('create table if not exists hub.view_text (table_name varchar, sql varchar)') %}
    {% do run_query('create table if not exists hub.check_state (table_id varchar, signature varchar)') %}
    {% do run_query('create schema if not exists changes') %}
    {# Who was who in the set published last (orchestration/linkage/history.py). #}
    {% do run_query('create table if not exists hub.person_published (feed_table varchar, record_id varchar, person_id varchar)') %}
    {% do run_query('create table if not exists hub.person_change_log (changed_at timestamp, person_id_before varchar, person_id_after varchar, kind varchar, records bigint)') %}
    {% do run_query('create table if not exists hub.person_published_from (name varchar, file varchar)') %}
    {# Which rules the last whole build followed (orchestration.warehouse): forgotten as soon as others are at work. #}
    {% do run_query('create table if not exists hub.rules_built (rules varchar)') %}
    {% do run_query("delete from hub.rules_built where rules <> '" ~ env_var('BIHUB_RULES', '') ~ "'") %}
{% endmacro %}


{% macro table_name_of(node) %}
    {%- do return(node.schema ~ '.' ~ (node.alias or node.identifier or node.name)) -%}
{% endmacro %}


{#- {table name: its row of hub.table_state} of the given tables. -#}
{% macro stored_states(names) %}
    {%- set found = {} -%}
    {%- if names -%}
        {%- for row in run_query("select table_name, definition, inputs, content, changes_from from hub.table_state where table_name in ('" ~ names | join("', '") ~ "')").rows -%}
            {%- do found.update({row[0]: {'definition': row[1], 'inputs': row[2], 'content': row[3], 'changes_from': row[4]}}) -%}
        {%- endfor -%}
    {%- endif -%}
    {%- do return(found) -%}
{% endmacro %}


{#- Hash of a table's SQL and, where its contract is enforced, of the columns that it promises: either makes another table. -#}
{% macro definition_of(node, sql) %}
    {%- set said = [sql] -%}
    {%- if node.config.contract.enforced -%}
        {%- for column in node.columns.values() -%}{%- do said.append(column.name ~ ' ' ~ column.data_type) -%}{%- endfor -%}
    {%- endif -%}
    {%- do return(local_md5(said | join('\n'))) -%}
{% endmacro %}


{#- What the model is made from now and was made from last time: definition, inputs (id: tag) and which of them changed. -#}
{% macro state_of_table(node) %}
    {%- set name = table_name_of(node) -%}
    {%- set nodes = {} -%}
    {%- for id in node.depends_on.nodes -%}{%- do nodes_behind(id, nodes) -%}{%- endfor -%}
    {%- set names = [name] -%}
    {%- for other in nodes.values() if other.resource_type == 'model' -%}{%- do names.append(table_name_of(other)) -%}{%- endfor -%}
    {%- set stored = stored_states(names) -%}
    {%- set before = stored.get(name, {}) -%}
    {%- set tags = source_tags(nodes) -%}
    {%- set inputs = {} -%}
    {%- for id, other in nodes.items() -%}
        {%- set state = stored.get(table_name_of(other), {}) -%}
        {%- if other.resource_type == 'source' -%}{%- do inputs.update({id: tags[id]}) -%}
        {%- elif other.resource_type == 'seed' -%}{%- do inputs.update({id: seed_tag(other)}) -%}
        {%- elif is_view(other) -%}{%- do inputs.update({id: state.get('definition') or 'unknown'}) -%}
        {%- else -%}{%- do inputs.update({id: state.get('content') or 'unknown'}) -%}{%- endif -%}
    {%- endfor -%}
    {%- set inputs_before = fromjson(before.inputs) if before.get('inputs') else {} -%}
    {%- set changed = [] -%}
    {%- for id in inputs if inputs[id] == 'unknown' or inputs_before.get(id) != inputs[id] -%}{%- do changed.append(id) -%}{%- endfor -%}
    {%- for id in inputs_before if id not in inputs -%}{%- do changed.append(id) -%}{%- endfor -%}
    {%- do return({
        'table_name': name, 'definition': definition_of(node, compiled_code), 'definition_before': before.get('definition'),
        'inputs': inputs, 'inputs_before': inputs_before, 'changed': changed, 'content_before': before.get('content'),
        'stored': stored, 'nodes': nodes,
    }) -%}
{% endmacro %}


{#- A node and, where it is a view, everything behind it: a view changes with what it reads. -#}
{% macro nodes_behind(id, found) %}
    {%- if id in found -%}{%- do return('') -%}{%- endif -%}
    {%- set node = graph.sources[id] if id.startswith('source.') else graph.nodes[id] -%}
    {%- do found.update({id: node}) -%}
    {%- if is_view(node) -%}
        {%- for parent in node.depends_on.nodes -%}{%- do nodes_behind(parent, found) -%}{%- endfor -%}
    {%- endif -%}
{% endmacro %}


{#- Whether a model is a view: what it gives is what lies behind it. -#}
{% macro is_view(node) %}
    {%- do return(node.resource_type == 'model' and node.config.materialized == 'view') -%}
{% endmacro %}


{#- A model's SQL with that of every view that it reads written out in its place. -#}
{% macro with_views_written_out(sql, nodes) %}
    {%- set written = namespace(sql=sql) -%}
    {%- set texts = {} -%}
    {%- for node in nodes.values() if is_view(node) -%}
        {%- for row in rows_of_query("select sql from hub.view_text where table_name = '" ~ table_name_of(node) ~ "'") -%}
            {%- do texts.update({node.relation_name: row[0]}) -%}
        {%- endfor -%}
    {%- endfor -%}
    {#- A view may read a view: once for each is enough, in whatever order they come. -#}
    {%- for _ in texts -%}
        {%- for relation, text in texts.items() -%}
            {%- set written.sql = written.sql | replace(relation, '(\n' ~ text ~ '\n)') -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- do return(written.sql) -%}
{% endmacro %}


{#- {source id: tag}, as the start of this dbt command found the lake (open_the_lake). -#}
{% macro source_tags(nodes) %}
    {%- set tags = {} -%}
    {%- set names = [] -%}
    {%- for id, node in nodes.items() if node.resource_type == 'source' -%}
        {%- do tags.update({id: 'unknown'}) -%}
        {%- do names.append(node.source_name ~ '.' ~ node.name) -%}
    {%- endfor -%}
    {%- if names -%}
        {%- for row in run_query("select 'source.' || '" ~ project_name ~ "' || '.' || source_name, tag from hub.source_state where source_name in ('" ~ names | join("', '") ~ "')").rows -%}
            {%- do tags.update({row[0]: row[1]}) -%}
        {%- endfor -%}
    {%- endif -%}
    {%- do return(tags) -%}
{% endmacro %}


{#- A seed holds what its file holds. -#}
{% macro seed_tag(seed) %}
    {%- do return(local_md5(seed.checksum.checksum ~ tojson(seed.config.get('column_types') or {}))) -%}
{% endmacro %}


{#-
  Rows, the sum of their hashes, and a hash of the columns: the same for the same rows in any order, and rows can be added
  and taken away. A number of another type, or under another name, has the same hash; who reads it may not be the same.
-#}
{% macro content_query(relation) %}
    {%- set columns = '(select md5(typeof(r)) from (select 1) as one left join ' ~ relation ~ ' as r on false)' -%}
    {%- do return("select count(*) || ':' || coalesce(sum(cast(hash(t) as hugeint)), 0) || ':' || " ~ columns ~ ' from ' ~ relation ~ ' as t') -%}
{% endmacro %}


{% macro content_of(relation) %}
    {%- do return(rows_of_query(content_query(relation))[0][0]) -%}
{% endmacro %}


{#- content: an SQL expression. stored: what stored_states knew, so that only what is there is replaced. -#}
{% macro store_state(name, definition, inputs, content, changes_from, outcome, rows_changed, stored) %}
    {%- if name in stored -%}{%- do in_transaction("delete from hub.table_state where table_name = '" ~ name ~ "'") -%}{%- endif -%}
    {%- do in_transaction("insert into hub.table_state select '" ~ name ~ "', '" ~ definition ~ "', '" ~ tojson(inputs) ~ "', " ~ content ~ ', ' ~ sql_text(changes_from) ~ ", '" ~ outcome ~ "', " ~ (rows_changed if rows_changed is not none else 'null') ~ ", '" ~ invocation_id ~ "'") -%}
{% endmacro %}


{#- Which batches of the feeds are in the table now. -#}
{% macro remember_batches(state) %}
    {%- set feeds = [] -%}
    {%- for node in state.nodes.values() if node.resource_type == 'source' and delta_of_input(model, node) -%}
        {%- do feeds.append(node.source_name ~ '.' ~ node.name) -%}
    {%- endfor -%}
    {%- if feeds -%}
        {%- do in_transaction("delete from hub.batch_seen where table_name = '" ~ state.table_name ~ "'") -%}
        {%- do in_transaction("insert into hub.batch_seen select '" ~ state.table_name ~ "', feed, batch_id from hub.batch_now where feed in ('" ~ feeds | join("', '") ~ "')") -%}
    {%- endif -%}
{% endmacro %}
