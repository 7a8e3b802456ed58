{#-
  Our way to make a table in DuckDB: do only what the change of its inputs asks for, with the result of a full build
  (docs/decisions/0026). Three outcomes, kept in hub.table_state:
  unchanged  the SQL and the content of everything it reads are as they were: nothing is done;
  rows       the model says in config.meta.delta how its inputs name its key: only rows of changed keys are replaced;
  whole      everything else: the table is made again, in one transaction. `--full-refresh` asks for this.
A model in Python is a table like any other: its text and what it reads decide whether its function is called at all.
-#}
{% materialization table, adapter='duckdb', supported_languages=['sql', 'python'] %}
    {%- set existing = load_cached_relation(this) -%}
    {%- set target_relation = this.incorporate(type='table') -%}
    {{ run_hooks(pre_hooks) }}
    {%- set state = state_of_table(model) -%}
    {%- set is_usable = existing is not none and existing.is_table and state.definition == state.definition_before and not should_full_refresh() -%}
    {%- if is_usable and not state.changed -%}
        {%- call statement('main') -%} select 'unchanged' {%- endcall -%}
    {%- elif is_usable and can_replace_rows(model, state) -%}
        {%- do replace_rows(target_relation, state) -%}
    {%- elif model.language == 'python' -%}
        {#- dbt lets Python run only right here, in a statement of the materialisation itself. -#}
        {%- set keeps_changes = put_old_aside(existing, target_relation, state) -%}
        {%- call statement('main', language='python') -%}
            {{ python_in_transaction(target_relation, compiled_code) }}
        {%- endcall -%}
        {%- do store_whole_table(target_relation, state, keeps_changes) -%}
    {%- else -%}
        {%- do make_whole_table(existing, target_relation, state) -%}
    {%- endif -%}
    {{ run_hooks(post_hooks) }}
    {%- do persist_docs(target_relation, model) -%}
    {%- do adapter.commit() -%}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}


{% materialization view, adapter='duckdb' %}
    {%- set existing = load_cached_relation(this) -%}
    {%- set target_relation = this.incorporate(type='view') -%}
    {%- set definition = local_md5('with its text in hub.view_text: ' ~ compiled_code) -%}
    {%- set before = stored_states([table_name_of(model)]).get(table_name_of(model)) -%}
    {{ run_hooks(pre_hooks) }}
    {%- if existing is not none and existing.is_view and before and before.definition == definition and not should_full_refresh() -%}
        {%- call statement('main') -%} select 'unchanged' {%- endcall -%}
    {%- else -%}
        {%- if existing is not none and not existing.is_view -%}{%- do adapter.drop_relation(existing) -%}{%- endif -%}
        {%- if config.get('contract').enforced -%}{%- do get_assert_columns_equivalent(compiled_code) -%}{%- endif -%}
        {%- call statement('main') -%}
            create or replace view {{ target_relation }} as (
            {{ compiled_code }}
            )
        {%- endcall -%}
        {%- do in_transaction("delete from hub.view_text where table_name = '" ~ table_name_of(model) ~ "'") -%}
        {%- do in_transaction("insert into hub.view_text select '" ~ table_name_of(model) ~ "', " ~ sql_text(compiled_code)) -%}
        {%- do store_state(table_name_of(model), definition, {}, 'null', none, 'whole', 0, {table_name_of(model): before} if before else {}) -%}
    {%- endif -%}
    {{ run_hooks(post_hooks) }}
    {%- do persist_docs(target_relation, model) -%}
    {%- do adapter.commit() -%}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}


{% macro make_whole_table(existing, target_relation, state) %}
    {%- set keeps_changes = put_old_aside(existing, target_relation, state) -%}
    {%- call statement('main') -%}
        {{ create_table_as(False, target_relation, compiled_code) }}
    {%- endcall -%}
    {%- do store_whole_table(target_relation, state, keeps_changes) -%}
{% endmacro %}


{#-
  Old and new stand side by side until the commit, so that what changed can be told to those who take rows from here. A full
  refresh makes them whole as well, and tells nothing.
-#}
{% macro put_old_aside(existing, target_relation, state) %}
    {%- set old_relation = old_version_of(target_relation) -%}
    {%- set keeps_changes = existing is not none and existing.is_table and state.content_before and is_watched(model) and not should_full_refresh() -%}
    {%- if keeps_changes -%}
        {%- do in_transaction('drop table if exists ' ~ old_relation) -%}
        {%- do in_transaction('alter table ' ~ target_relation ~ ' rename to ' ~ adapter.quote(old_relation.identifier)) -%}
    {%- elif existing is not none -%}
        {%- do in_transaction('drop ' ~ existing.type ~ ' if exists ' ~ existing) -%}
    {%- endif -%}
    {%- do return(keeps_changes) -%}
{% endmacro %}


{% macro old_version_of(relation) %}
    {%- do return(relation.incorporate(path={'identifier': relation.identifier ~ '__old'})) -%}
{% endmacro %}


{% macro store_whole_table(target_relation, state, keeps_changes) %}
    {%- set old_relation = old_version_of(target_relation) -%}
    {%- if keeps_changes -%}
        {%- set content = content_of(target_relation) -%}
        {%- set changes_from = none -%}
        {%- if content.split(':')[2] == state.content_before.split(':')[2] -%}
            {%- do store_changes(state.table_name, changed_rows(old_relation, target_relation) if content != state.content_before else 'select * from ' ~ target_relation ~ ' limit 0') -%}
            {%- set changes_from = state.content_before -%}
        {%- endif -%}
        {%- do in_transaction('drop table ' ~ old_relation) -%}
        {%- set outcome = 'unchanged' if content == state.content_before and changes_from else 'whole' -%}
        {%- do store_state(state.table_name, state.definition, state.inputs, sql_text(content), changes_from, outcome, none, state.stored) -%}
    {%- else -%}
        {#- Content and state in one statement: with hundreds of tables, what surrounds the rows costs as much as they do. -#}
        {%- do store_state(state.table_name, state.definition, state.inputs, '(' ~ content_query(target_relation) ~ ')', none, 'whole', none, state.stored) -%}
    {%- endif -%}
    {%- do remember_batches(state) -%}
{% endmacro %}


{#-
  dbt-duckdb writes a data frame through a second connection, which sees nothing of the transaction that the old table was
  renamed in. Made a relation of the first connection, the result is written in that transaction.
-#}
{% macro python_in_transaction(relation, code) %}
{{ py_write_table(False, relation, code) }}

function_of_model = model


def model(dbt, session):
    made = function_of_model(dbt, session)
    if type(made).__name__ == 'DuckDBPyRelation':
        return made
    return session.from_arrow(made) if type(made).__module__.startswith('pyarrow') else session.from_df(made)
{% endmacro %}


{% macro in_transaction(sql) %}
    {%- call statement('step') -%}{{ sql }}{%- endcall -%}
{% endmacro %}


{% macro rows_of_query(sql) %}
    {%- call statement('asked', fetch_result=True) -%}{{ sql }}{%- endcall -%}
    {%- do return(load_result('asked').table.rows) -%}
{% endmacro %}
