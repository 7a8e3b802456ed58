{#-
  A check finds what it found where neither the rules nor anything that it reads has changed since. BIHUB_RULES (a hash of
  all rules, set by orchestration.warehouse) says whether rules have; without it, as in plain dbt, every check runs.
-#}

{#- {table id: tag of everything that its checks read} of the given tables; none where that cannot be told. -#}
{% macro check_signatures(tables) %}
    {%- set rules = env_var('BIHUB_RULES', '') -%}
    {%- if not rules -%}{%- do return(none) -%}{%- endif -%}
    {%- set tags = content_tags() -%}
    {%- set signatures = {} -%}
    {%- for table in tables.values() -%}
        {%- set nodes = {} -%}
        {%- set said = [rules] -%}
        {%- for test in table.checks -%}
            {%- do said.append(test.unique_id) -%}
            {%- for id in test.depends_on.nodes if id not in nodes -%}{%- do nodes_behind(id, nodes) -%}{%- endfor -%}
        {%- endfor -%}
        {%- do nodes_behind(table.id, nodes) -%}
        {%- for id in nodes | sort -%}{%- do said.append(id ~ '=' ~ tags.get(id, invocation_id)) -%}{%- endfor -%}
        {%- do signatures.update({table.id: local_md5(said | join('\n'))}) -%}
    {%- endfor -%}
    {%- do return(signatures) -%}
{% endmacro %}


{#- {node id: tag of its content now} of every source, seed, table and (its SQL) view. -#}
{% macro content_tags() %}
    {%- set tags = {} -%}
    {%- for row in run_query('select source_name, tag from hub.source_state').rows -%}
        {%- do tags.update({'source.' ~ project_name ~ '.' ~ row[0]: row[1]}) -%}
    {%- endfor -%}
    {%- set tables = {} -%}
    {%- for row in run_query('select table_name, coalesce(content, definition) from hub.table_state').rows -%}
        {%- do tables.update({row[0]: row[1]}) -%}
    {%- endfor -%}
    {%- for id, node in graph.nodes.items() -%}
        {%- if node.resource_type == 'seed' -%}{%- do tags.update({id: seed_tag(node)}) -%}
        {%- elif node.resource_type == 'model' and table_name_of(node) in tables -%}{%- do tags.update({id: tables[table_name_of(node)]}) -%}{%- endif -%}
    {%- endfor -%}
    {%- do return(tags) -%}
{% endmacro %}


{#- Of the given tables those whose checks may find something else than last time. -#}
{% macro checks_to_run(tables, signatures) %}
    {%- if signatures is none -%}{%- do return(tables) -%}{%- endif -%}
    {%- set stored = {} -%}
    {%- for row in run_query('select table_id, signature from hub.check_state').rows -%}{%- do stored.update({row[0]: row[1]}) -%}{%- endfor -%}
    {%- set chosen = {} -%}
    {%- for id, table in tables.items() if stored.get(id) != signatures[id] -%}{%- do chosen.update({id: table}) -%}{%- endfor -%}
    {%- do return(chosen) -%}
{% endmacro %}


{% macro remember_checks(tables, signatures) %}
    {%- if signatures is none or not tables -%}{%- do return('') -%}{%- endif -%}
    {%- set rows = [] -%}
    {%- for id in tables -%}{%- do rows.append("('" ~ id ~ "', '" ~ signatures[id] ~ "')") -%}{%- endfor -%}
    {%- do run_query("delete from hub.check_state where table_id in ('" ~ tables | join("', '") ~ "')") -%}
    {%- do run_query('insert into hub.check_state values ' ~ rows | join(', ')) -%}
{% endmacro %}
