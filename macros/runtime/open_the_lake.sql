{#-
  Makes every source a relation: one view per feed table over the batches received up to as_of, the ledger of batches
  (from the sidecars), run_context (one row: as_of) and run_day (its date). Runs before every dbt command, so plain
  `dbt build` sees what `bihub run` saw. A feed with no batch yet is an empty view with the contract's types.
  as_of: run_context.json beside the warehouse file, written once per run; without it, the newest received batch.
-#}
{% macro open_the_lake() %}
    {% if not execute or flags.WHICH not in ('build', 'run', 'test', 'seed', 'snapshot', 'show', 'compile', 'docs', 'generate') %}{% do return('') %}{% endif %}
    {% set lake = env_var('BIHUB_HOME', 'data') ~ '/lake' %}
    {% set batch_columns = "{'batch_id': 'varchar', 'partner': 'varchar', 'feed_table': 'varchar', 'status': 'varchar', 'file_name': 'varchar', 'file_bytes': 'bigint', 'received_at': 'timestamp', 'contract_version': 'varchar', 'agreement': 'varchar', 'rows_in': 'bigint', 'rows_accepted': 'bigint', 'rows_quarantined': 'bigint', 'reason': 'varchar'}" %}
    {% do run_query('create schema if not exists hub') %}
    {% do run_query(create_check_result()) %}
    {% set all_batches %}
        {{ lake_view(lake ~ '/raw/*/*/batch=*/batch.json', lake ~ '/rejected/*/*/batch=*/batch.json', batch_columns) }}
    {% endset %}
    {% set context = target.path.rsplit('/', 1)[0] ~ '/run_context.json' %}
    {% set has_context = run_query("select count(*) from glob('" ~ context ~ "')").columns[0].values()[0] > 0 %}
    {% if has_context %}
        {% do run_query("create or replace table hub.run_context as select cast(as_of as timestamp) as as_of from read_json('" ~ context ~ "', columns = {'as_of': 'timestamp'})") %}
    {% else %}
        {% do run_query("create or replace table hub.run_context as select coalesce(max(received_at), timestamp '2000-01-01') as as_of from (" ~ all_batches ~ ")") %}
    {% endif %}
    {% do run_query('create or replace table hub.run_day as select cast(as_of as date) as as_of_date from hub.run_context') %}
    {% if run_query("select count(*) from duckdb_views() where schema_name = 'hub' and view_name = 'batch'").columns[0].values()[0] %}
        {% do run_query('drop view hub.batch') %}  {# of a warehouse built before the ledger was read once a run #}
    {% endif %}
    {% do run_query("create or replace table hub.batch as select * from (" ~ all_batches ~ ") where received_at <= (select as_of from hub.run_context)") %}
    {% do create_table_state() %}
    {% do run_query("create or replace table hub.batch_now as select partner || '.' || feed_table as feed, batch_id from hub.batch where status = 'accepted'") %}
    {% set views, present, there = [], [], {} %}
    {% for row in run_query("select distinct array_to_string(parse_path(file, 'both_slash')[-4:-3], '.') from glob('" ~ lake ~ "/raw/*/*/batch=*/data.parquet')").rows %}{% do present.append(row[0]) %}{% endfor %}
    {#- A view opens every file below it when it is made: one that says the same already is left alone. -#}
    {% if run_query("select count(*) from duckdb_tables() where schema_name = 'hub' and table_name = 'source_state'").columns[0].values()[0] %}
        {% for row in run_query("select source_name, left(tag, 32) from hub.source_state where source_name in (select schema_name || '.' || view_name from duckdb_views())").rows %}{% do there.update({row[0]: row[1]}) %}{% endfor %}
    {% endif %}
    {% for source in graph.sources.values() if source.source_name != 'hub' %}
        {% set feed = source.source_name ~ '.' ~ source.name %}
        {% set query = feed_view(source, lake, feed in present) %}
        {% set how = local_md5(query ~ source.columns.values() | map(attribute='data_type') | join(',')) %}
        {% if there.get(source.schema ~ '.' ~ source.identifier) != how %}
            {% do run_query('create schema if not exists ' ~ source.schema) %}
            {% do run_query('create or replace view ' ~ source.schema ~ '.' ~ source.identifier ~ ' as ' ~ query) %}
        {% endif %}
        {% do views.append("('" ~ feed ~ "', '" ~ how ~ "')") %}
    {% endfor %}
    {% do run_query(source_state(views)) %}
    {% do return('') %}
{% endmacro %}

{% macro lake_view(accepted, rejected, columns) %}
    {%- set globs = [] -%}
    {%- for pattern in (accepted, rejected) -%}
        {%- if run_query("select count(*) from glob('" ~ pattern ~ "')").columns[0].values()[0] > 0 -%}{%- do globs.append("'" ~ pattern ~ "'") -%}{%- endif -%}
    {%- endfor -%}
    {%- if globs -%}
        select * from read_json([{{ globs | join(', ') }}], columns = {{ columns }})
    {%- else -%}
        select {% for name, type in fromjson(columns | replace("'", '"')).items() %}cast(null as {{ type }}) as {{ name }}{{ ', ' if not loop.last }}{% endfor %} where false
    {%- endif -%}
{% endmacro %}

{% macro feed_view(source, lake, has_batches) %}
    {%- set pattern = lake ~ '/raw/' ~ source.source_name ~ '/' ~ source.name ~ '/batch=*/data.parquet' -%}
    {%- set contract = source.columns.values() -%}
    {%- set lineage = [('_batch_id', 'varchar'), ('_received_at', 'timestamp'), ('_file_name', 'varchar'), ('_row_number', 'bigint')] -%}
    {%- if has_batches -%}
        select {% for c in contract %}{{ c.name }}, {% endfor %}{% for name, type in lineage %}{{ name }}{{ ', ' if not loop.last }}{% endfor %}
        from read_parquet('{{ pattern }}', hive_partitioning = false, union_by_name = true)
        where _received_at <= (select as_of from hub.run_context)
    {%- else -%}
        select {% for c in contract %}cast(null as {{ c.data_type }}) as {{ c.name }}, {% endfor %}{% for name, type in lineage %}cast(null as {{ type }}) as {{ name }}{{ ', ' if not loop.last }}{% endfor %} where false
    {%- endif -%}
{% endmacro %}

{#- What each source holds at as_of, as a tag: a feed is its batches and how they are read. -#}
{% macro source_state(views) %}
    create or replace table hub.source_state as
    select 'hub.run_context' as source_name, cast(as_of as varchar) as tag from hub.run_context
    union all
    select 'hub.run_day', cast(as_of_date as varchar) from hub.run_day
    union all
    select 'hub.person_published', coalesce(max(file), '') from hub.person_published_from where name = 'identity'
    union all
    select 'hub.person_change_log', coalesce(max(file), '') from hub.person_published_from where name = 'changes'
    union all
    select 'hub.batch', count(*) || ':' || coalesce(sum(cast(hash(b) as hugeint)), 0) from hub.batch as b
    {%- if views %}
    union all
    select read.feed, read.how || coalesce(md5(string_agg(batch_now.batch_id, ',' order by batch_now.batch_id)), '')
    from (values {{ views | join(', ') }}) as read (feed, how)
    left join hub.batch_now as batch_now on batch_now.feed = read.feed
    group by read.feed, read.how
    {%- endif %}
{% endmacro %}
