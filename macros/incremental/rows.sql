{#-
  Says of a model that the rows of one key are made from those rows of these inputs alone that carry the same key, so
  that a change of one input asks for the rows of the keys in what changed, and no more. Whatever else the model reads
  may change nothing without the whole table being made again. test_rows_follow_key.py holds every model to its promise.
  key: column or columns of the model. inputs: {model, or partner.table: its columns that carry the key, in the same
  order; or, where another input knows the key, through_input(that input, {its column: column here})}. That input may be a
  list of inputs, each of which knows some of the keys.
  partition: a second promise, of a column of the model: the rows of one value of it are made from those rows of the
  `partitioned` inputs alone that carry the same value in a column of the same name, and from all of the others. Where the
  day of as_of moves on, the rows of 24 month ends stay as they lie.
-#}
{% macro rows_follow_key(key, inputs, partition=none, partitioned=[]) %}
    {{- config(meta={'delta': {'key': listed(key), 'inputs': inputs, 'partition': partition, 'partitioned': partitioned}}) -}}
{% endmacro %}


{% macro through_input(lookup, on) %}
    {%- do return({'through': lookup, 'on': on}) -%}
{% endmacro %}


{#- Inputs by name, all with the same columns, and others. -#}
{% macro inputs_named(names, columns, others={}) %}
    {%- set inputs = dict(others) -%}
    {%- for name in names -%}{%- do inputs.update({name: columns}) -%}{%- endfor -%}
    {%- do return(inputs) -%}
{% endmacro %}


{% macro listed(value) %}
    {%- do return([value] if value is string else value) -%}
{% endmacro %}


{#- How an input names the key of a model; none where the model does not follow it. -#}
{% macro delta_of_input(node, input) %}
    {%- set inputs = (node.config.meta.get('delta') or {}).get('inputs') or {} -%}
    {%- do return(inputs.get(input.source_name ~ '.' ~ input.name if input.resource_type == 'source' else input.name)) -%}
{% endmacro %}


{#- Whether the rows of one partition of the model are made from those of one partition of an input. -#}
{% macro is_partitioned(node, input) %}
    {%- do return(input.name in ((node.config.meta.get('delta') or {}).get('partitioned') or [])) -%}
{% endmacro %}


{#- Whether another model takes changed rows from this one, so that they have to be kept. -#}
{% macro is_watched(node) %}
    {%- for other in graph.nodes.values() if other.resource_type == 'model' and other.config.meta.get('delta') -%}
        {%- set delta = other.config.meta.delta -%}
        {%- if node.name in delta.inputs or node.name in delta.partitioned -%}{%- do return(true) -%}{%- endif -%}
    {%- endfor -%}
    {%- do return(false) -%}
{% endmacro %}


{#- True where every input that changed can say which of its rows did. -#}
{% macro can_replace_rows(node, state) %}
    {%- if not node.config.meta.get('delta') or not state.content_before -%}{%- do return(false) -%}{%- endif -%}
    {%- for id in state.changed -%}
        {%- set input = state.nodes.get(id) -%}
        {%- if not input or not (delta_of_input(node, input) or is_partitioned(node, input)) -%}{%- do return(false) -%}{%- endif -%}
        {%- if input.resource_type == 'source' -%}
            {%- if batches_gone(state.table_name, input) -%}{%- do return(false) -%}{%- endif -%}
        {%- elif input.resource_type != 'model' or is_view(input) -%}{%- do return(false) -%}
        {%- else -%}
            {%- set told = state.stored.get(table_name_of(input), {}) -%}
            {%- if not told.get('changes_from') or told.changes_from != state.inputs_before.get(id) -%}{%- do return(false) -%}{%- endif -%}
        {%- endif -%}
    {%- endfor -%}
    {%- do return(true) -%}
{% endmacro %}


{% macro batches_gone(name, source) %}
    {%- set feed = source.source_name ~ '.' ~ source.name -%}
    {%- set seen = "from hub.batch_seen where table_name = '" ~ name ~ "' and feed = '" ~ feed ~ "'" -%}
    {%- set told = run_query("select count(*), count(*) filter (where batch_id not in (select batch_id from hub.batch_now where feed = '" ~ feed ~ "')) " ~ seen).rows[0] -%}
    {%- do return(told[0] == 0 or told[1] > 0) -%}
{% endmacro %}


{#- Replaces the rows of the keys, and of the partitions, that changed inputs name; the rest of the table stays as it lies. -#}
{% macro replace_rows(target_relation, state) %}
    {%- set delta = model.config.meta.delta -%}
    {%- set key = delta.key -%}
    {%- set partitions = note_partitions(target_relation, state, delta) -%}
    {%- set touched = ['select ' ~ key | join(', ') ~ ' from ' ~ target_relation ~ ' where false'] -%}
    {%- for id in state.changed if delta_of_input(model, state.nodes[id]) -%}
        {%- do touched.append(changed_keys(state, state.nodes[id], key)) -%}
    {%- endfor -%}
    {%- do in_transaction('create or replace temp table hub_touched as select distinct * from (' ~ touched | join(' union all ') ~ ') as named') -%}
    {%- set keys_touched = rows_of_query('select count(*) from temp.main.hub_touched')[0][0] -%}
    {#- More than a quarter of what there is: to make the table whole costs less. -#}
    {%- if keys_touched > partitions.known_keys // 4 + 1000 or partitions.touched > partitions.known // 4 + 2 -%}
        {%- do make_whole_table(load_cached_relation(this), target_relation, state) -%}
        {%- do return('') -%}
    {%- endif -%}
    {%- set made = [] -%}
    {%- set code = sql_over_shadows('key', state, made) -%}
    {%- do in_transaction('create or replace temp table hub_new_rows as select * from ' ~ target_relation ~ ' limit 0') -%}
    {%- call statement('main') -%}
        insert into temp.main.hub_new_rows by name (
        {{ code }}
        )
    {%- endcall -%}
    {%- set is_old = key_is_touched(key, key) -%}
    {%- if partitions.touched -%}
        {%- set is_old = is_old ~ ' or ' ~ partition_is_touched(delta.partition) -%}
        {%- do in_transaction('delete from temp.main.hub_new_rows as input where ' ~ partition_is_touched(delta.partition)) -%}
        {%- do in_transaction('insert into temp.main.hub_new_rows by name (' ~ sql_over_shadows('partition', state, made) ~ ')') -%}
    {%- endif -%}
    {%- do in_transaction('create or replace temp table hub_old_rows as select *, rowid as hub_row, hash(input) as hub_hash from ' ~ target_relation ~ ' as input where ' ~ is_old) -%}
    {%- do in_transaction('create or replace temp table hub_hashes as ' ~ hashes_of_changed('select hub_hash from temp.main.hub_old_rows', 'select hash(t) from temp.main.hub_new_rows as t')) -%}
    {%- set of_changed = ' in (select hub_hash from temp.main.hub_hashes)' -%}
    {%- set old_rows = ' from temp.main.hub_old_rows where hub_hash' ~ of_changed -%}
    {%- set new_rows = 'select * from temp.main.hub_new_rows as t where hash(t)' ~ of_changed -%}
    {%- if rows_of_query('select count(*) from temp.main.hub_hashes')[0][0] -%}
        {%- set content = content_after_change(state.content_before) -%}
        {%- set columns = adapter.get_columns_in_relation(target_relation) | map(attribute='quoted') | join(', ') -%}
        {%- do in_transaction('create or replace temp table hub_changed_rows as select ' ~ columns ~ old_rows ~ ' union all ' ~ new_rows) -%}
        {%- do in_transaction('delete from ' ~ target_relation ~ ' where rowid in (select hub_row' ~ old_rows ~ ')') -%}
        {%- do in_transaction('insert into ' ~ target_relation ~ ' ' ~ new_rows) -%}
        {%- if is_watched(model) -%}{%- do store_changes(state.table_name, 'select * from temp.main.hub_changed_rows') -%}{%- endif -%}
        {%- set rows_changed = rows_of_query('select count(*) from temp.main.hub_changed_rows')[0][0] -%}
        {%- do store_state(state.table_name, state.definition, state.inputs, sql_text(content), state.content_before if is_watched(model) else none, 'rows', rows_changed, state.stored) -%}
    {%- else -%}
        {%- set told = state.stored[state.table_name] -%}
        {%- do store_state(state.table_name, state.definition, state.inputs, sql_text(state.content_before), told.changes_from, 'unchanged', 0, state.stored) -%}
    {%- endif -%}
    {%- do remember_batches(state) -%}
    {%- for name in ['partitions', 'touched', 'new_rows', 'old_rows', 'hashes', 'changed_rows'] -%}{%- do made.append('temp.main.hub_' ~ name) -%}{%- endfor -%}
    {%- for shadow in made | unique -%}
        {%- do in_transaction('drop table if exists ' ~ shadow) -%}
    {%- endfor -%}
{% endmacro %}


{#-
  temp.main.hub_partitions: the partitions to make again as a whole. All that an input without keys tells of; of one with
  keys, those that it tells of for many, which then name no keys: on a new day everybody is another than on the day before.
  How many were touched, how many there are, and how many keys (without partitions, rows).
-#}
{% macro note_partitions(target_relation, state, delta) %}
    {%- if not delta.partition -%}
        {%- do return({'touched': 0, 'known': 0, 'known_keys': state.content_before.split(':')[0] | int}) -%}
    {%- endif -%}
    {%- set size = rows_of_query('select count(distinct ' ~ delta.partition ~ '), count(distinct ' ~ delta.key[0] ~ ') from ' ~ target_relation)[0] -%}
    {%- set told = ['select ' ~ delta.partition ~ ' from ' ~ target_relation ~ ' where false'] -%}
    {%- for id in state.changed if is_partitioned(model, state.nodes[id]) -%}
        {%- set many = size[1] // 10 if delta_of_input(model, state.nodes[id]) else 0 -%}
        {%- do told.append('select ' ~ delta.partition ~ ' from changes.' ~ adapter.quote(table_name_of(state.nodes[id])) ~ ' group by ' ~ delta.partition ~ ' having count(*) > ' ~ many) -%}
    {%- endfor -%}
    {%- do in_transaction('create or replace temp table hub_partitions as select distinct * from (' ~ told | join(' union all ') ~ ') as named') -%}
    {%- do return({'touched': rows_of_query('select count(*) from temp.main.hub_partitions')[0][0], 'known': size[0], 'known_keys': size[1]}) -%}
{% endmacro %}


{#-
  The model's SQL over those rows of its inputs alone that belong to what is touched: keys, or partitions. A view is no
  input, but what lies behind it is.
-#}
{% macro sql_over_shadows(by, state, made) %}
    {%- set code = namespace(sql=with_views_written_out(compiled_code, state.nodes)) -%}
    {%- for input in state.nodes.values() if not is_view(input) -%}
        {%- if by == 'key' and delta_of_input(model, input) -%}{%- set is_touched = input_is_touched(delta_of_input(model, input), model.config.meta.delta.key) -%}
        {%- elif by == 'partition' and is_partitioned(model, input) -%}{%- set is_touched = partition_is_touched(model.config.meta.delta.partition) -%}
        {%- else -%}{%- set is_touched = none -%}{%- endif -%}
        {%- if is_touched -%}
            {%- set name = adapter.quote(input.alias or input.identifier) -%}
            {%- do in_transaction('create or replace temp table ' ~ name ~ ' as select * from ' ~ input.relation_name ~ ' as input where ' ~ is_touched) -%}
            {%- set code.sql = code.sql | replace(input.relation_name, 'temp.main.' ~ name) -%}
            {%- do made.append('temp.main.' ~ name) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- do return(code.sql) -%}
{% endmacro %}


{% macro partition_is_touched(column) %}
    {%- do return('exists (select 1 from temp.main.hub_partitions as told where told.' ~ column ~ ' = input.' ~ column ~ ')') -%}
{% endmacro %}


{#- The keys, under the model's names, of everything in one input that came, went or is different now. -#}
{% macro changed_keys(state, input, key) %}
    {%- set how = delta_of_input(model, input) -%}
    {%- set picked = [] -%}
    {%- if how is mapping -%}
        {%- for column in key -%}{%- do picked.append('lookup.' ~ column) -%}{%- endfor -%}
        {%- do return('select ' ~ picked | join(', ') ~ ' from changes.' ~ adapter.quote(table_name_of(input)) ~ ' as input inner join ' ~ lookup_relation(how) ~ ' as lookup on ' ~ same_in_lookup(how)) -%}
    {%- endif -%}
    {%- for column in listed(how) -%}{%- do picked.append(column ~ ' as ' ~ key[loop.index0]) -%}{%- endfor -%}
    {%- if input.resource_type == 'source' -%}
        {%- set feed = input.source_name ~ '.' ~ input.name -%}
        {%- do return('select ' ~ picked | join(', ') ~ ' from ' ~ input.relation_name ~ " where _batch_id in (select batch_id from hub.batch_now where feed = '" ~ feed ~ "' except select batch_id from hub.batch_seen where table_name = '" ~ state.table_name ~ "' and feed = '" ~ feed ~ "')") -%}
    {%- endif -%}
    {%- set known = ' where not ' ~ partition_is_touched(model.config.meta.delta.partition) if is_partitioned(model, input) else '' -%}
    {%- do return('select ' ~ picked | join(', ') ~ ' from changes.' ~ adapter.quote(table_name_of(input)) ~ ' as input' ~ known) -%}
{% endmacro %}


{% macro input_is_touched(how, key) %}
    {%- if how is not mapping -%}{%- do return(key_is_touched(listed(how), key)) -%}{%- endif -%}
    {%- set same = [] -%}
    {%- for column in key -%}{%- do same.append('lookup.' ~ column ~ ' = touched.' ~ column) -%}{%- endfor -%}
    {%- do return('exists (select 1 from ' ~ lookup_relation(how) ~ ' as lookup inner join temp.main.hub_touched as touched on ' ~ same | join(' and ') ~ ' where ' ~ same_in_lookup(how) ~ ')') -%}
{% endmacro %}


{% macro same_in_lookup(how) %}
    {%- set same = [] -%}
    {%- for theirs, ours in how.on.items() -%}{%- do same.append('lookup.' ~ theirs ~ ' = input.' ~ ours) -%}{%- endfor -%}
    {%- do return(same | join(' and ')) -%}
{% endmacro %}


{% macro lookup_relation(how) %}
    {%- set columns = (model.config.meta.delta.key + (how.on.keys() | list)) | unique | join(', ') -%}
    {%- set read, nodes = {}, {} -%}
    {%- for id in model.depends_on.nodes -%}{%- do nodes_behind(id, nodes) -%}{%- endfor -%}
    {%- for node in nodes.values() -%}{%- do read.update({node.name: node.relation_name}) -%}{%- endfor -%}
    {%- set found = [] -%}
    {%- for name in listed(how.through) -%}
        {%- if name not in read -%}{%- do exceptions.raise_compiler_error(model.name ~ ' follows a key through ' ~ name ~ ', which it does not read') -%}{%- endif -%}
        {%- do found.append('select ' ~ columns ~ ' from ' ~ read[name]) -%}
    {%- endfor -%}
    {%- do return('(' ~ found | join(' union all ') ~ ')') -%}
{% endmacro %}


{% macro key_is_touched(columns, key) %}
    {%- set same = [] -%}
    {%- for column in columns -%}{%- do same.append('input.' ~ column ~ ' = touched.' ~ key[loop.index0]) -%}{%- endfor -%}
    {%- do return('exists (select 1 from temp.main.hub_touched as touched where ' ~ same | join(' and ') ~ ')') -%}
{% endmacro %}


{#- Rows of which two tables with the same columns do not hold equally many, of both. -#}
{% macro changed_rows(old_relation, new_relation) %}
    {%- set found = [] -%}
    {%- for relation in [old_relation, new_relation] -%}
        {%- do found.append('select * from ' ~ relation ~ ' as t where hash(t) in (select hub_hash from hashes)') -%}
    {%- endfor -%}
    {%- do return('with hashes as materialized (' ~ hashes_of_changed('select hash(t) from ' ~ old_relation ~ ' as t', 'select hash(t) from ' ~ new_relation ~ ' as t') ~ ') ' ~ found | join(' union all ')) -%}
{% endmacro %}


{#-
  hub_hash: of the rows of which two sides, given as queries of hashes, do not hold equally many. To compare hashes costs a
  tenth of comparing rows; two different rows share one once in 10^19, as in content_query.
-#}
{% macro hashes_of_changed(old_hashes, new_hashes) %}
    {%- do return('select hub_hash from (select *, 1 from (' ~ old_hashes ~ ') union all select *, -1 from (' ~ new_hashes ~ ')) as sides (hub_hash, n) group by hub_hash having sum(n) <> 0') -%}
{% endmacro %}


{% macro content_after_change(content_before) %}
    {%- set before = content_before.split(':') -%}
    {%- set sums = "(select count(*) as n, coalesce(sum(cast(hub_hash as hugeint)), 0) as s from " -%}
    {%- do return(rows_of_query(
        "select (" ~ before[0] ~ " - old.n + new.n) || ':' || (cast('" ~ before[1] ~ "' as hugeint) - old.s + new.s) || ':" ~ before[2] ~ "' from "
        ~ sums ~ "temp.main.hub_old_rows) as old cross join " ~ sums ~ "(select hash(t) as hub_hash from temp.main.hub_new_rows as t)) as new"
    )[0][0]) -%}
{% endmacro %}


{% macro store_changes(name, sql) %}
    {%- do in_transaction('create or replace table changes.' ~ adapter.quote(name) ~ ' as ' ~ sql) -%}
{% endmacro %}
