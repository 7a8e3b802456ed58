{#-
  What staging needs of a feed's contract: {organisation, key, mode, deleted_when, watermark, columns: {name: {data_type, codes, accepted}}}.
  Read from the dbt sources of models/feeds. dbt hides those from unit tests, so the start of every run also leaves
  them in hub.feed_contract, and unit tests work against the real contract too. None while dbt parses.
-#}
{% macro feed_contract(partner, table) %}
    {% if not execute %}{% do return(none) %}{% endif %}
    {% for node in graph.get('sources', {}).values() if node.source_name == partner and node.name == table and node.get('config', {}).get('meta', {}).get('feed') %}
        {% do return(contract_for_staging(node)) %}
    {% endfor %}
    {% set stored = run_query("select contract from hub.feed_contract where partner = '" ~ partner ~ "' and feed_table = '" ~ table ~ "'") %}
    {% if stored | length == 0 %}
        {% do exceptions.raise_compiler_error("No contract for " ~ partner ~ "." ~ table ~ ": describe the table in models/feeds/" ~ partner ~ ".yml") %}
    {% endif %}
    {% do return(fromjson(stored.columns[0].values()[0])) %}
{% endmacro %}

{% macro contract_for_staging(node) %}
    {% set columns = {} %}
    {% for column in node.columns.values() %}
        {% set meta = column.config.meta %}
        {% do columns.update({column.name: {'data_type': column.data_type, 'codes': meta.get('codes'), 'accepted': meta.get('accepted')}}) %}
    {% endfor %}
    {% set feed = node.config.meta.feed %}
    {% do return({'organisation': node.config.meta.organisation, 'key': feed.key, 'mode': feed.mode, 'deleted_when': feed.get('deleted_when'), 'watermark': (feed.get('database') or {}).get('watermark'), 'columns': columns}) %}
{% endmacro %}

{% macro store_feed_contracts() %}
    {% if not execute %}{% do return('') %}{% endif %}
    {% set rows = [] %}
    {% for node in graph.sources.values() if node.config.meta.get('feed') %}
        {% do rows.append("('" ~ node.source_name ~ "', '" ~ node.name ~ "', '" ~ (tojson(contract_for_staging(node)) | replace("'", "''")) ~ "')") %}
    {% endfor %}
    {% do run_query('create schema if not exists hub') %}
    {% do run_query('create or replace table hub.feed_contract (partner varchar, feed_table varchar, contract varchar)') %}
    {% if rows %}{% do run_query('insert into hub.feed_contract values ' ~ rows | join(', ')) %}{% endif %}
    {% do return('') %}
{% endmacro %}

{#- ODS or ONS code of the organisation that sends a feed. -#}
{% macro organisation_of_feed(partner, table) %}
    {%- set contract = feed_contract(partner, table) -%}
    {%- do return(contract.organisation if contract is not none else none) -%}
{% endmacro %}
