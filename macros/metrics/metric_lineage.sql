{#-
  Which feeds a metric can not be had without, read from lineage: metric file -> fact -> the CDM table of the fact's
  name, which decides the fact's rows -> staging -> feed. Other parents (person, links) only add columns to those rows:
  without them the metric is still there. Where that guess is wrong a model says in config.meta.rows_from which of its
  parents make its rows; and one that takes the rows of a few feeds only, in config.meta.feeds_of_rows which.
-#}
{% macro feeds_of_metric(file) %}
    {% set feeds = {} %}
    {% for fact in file.node.depends_on.nodes %}
        {% for source in row_sources(fact) %}{% do feeds.update({source: true}) %}{% endfor %}
    {% endfor %}
    {% do return(feeds.keys() | sort) %}
{% endmacro %}


{#- Unique ids of the feed tables from which the rows of a model come. -#}
{% macro row_sources(unique_id) %}
    {% if unique_id.startswith('source.bihub.hub.') %}{% do return([]) %}{% endif %}
    {% if unique_id.startswith('source.') %}{% do return([unique_id]) %}{% endif %}
    {% set node = graph.nodes[unique_id] %}
    {% if node.resource_type != 'model' %}{% do return([]) %}{% endif %}
    {% set found = {} %}
    {% set known = node.config.meta.get('feeds_of_rows', []) %}
    {% for parent in row_parents(node) %}
        {% for source in row_sources(parent) if not known or feed_name(source) in known %}{% do found.update({source: true}) %}{% endfor %}
    {% endfor %}
    {% do return(found.keys() | list) %}
{% endmacro %}


{% macro row_parents(node) %}
    {% set parents = node.depends_on.nodes %}
    {% set said = [] %}
    {% set namesake = [] %}
    {% set from_staging = [] %}
    {% for parent in parents %}
        {% set other = graph.nodes.get(parent) %}
        {% if other and other.name in node.config.meta.get('rows_from', []) %}{% do said.append(parent) %}{% endif %}
        {% if other and node.name == 'fct_' ~ other.name %}{% do namesake.append(parent) %}{% endif %}
        {% if parent.startswith('source.') and not parent.startswith('source.bihub.hub.') %}{% do from_staging.append(parent) %}{% endif %}
        {% if other and other.fqn[1] == 'staging' %}{% do from_staging.append(parent) %}{% endif %}
    {% endfor %}
    {% do return(said or namesake or from_staging or parents) %}
{% endmacro %}


{% macro feed_name(source_id) -%}
    {%- set source = graph.sources[source_id] -%}
    {%- do return(source.source_name ~ '.' ~ source.name) -%}
{%- endmacro %}


{#- A select for a CTE: metric_id, feeds (names, comma separated). -#}
{% macro metric_feeds_by_metric(product='uec') -%}
    {%- for file in metric_files(product) %}
    {%- set names = [] -%}
    {%- for source in feeds_of_metric(file) -%}{%- do names.append(feed_name(source)) -%}{%- endfor %}
    select '{{ file.id }}' as metric_id, {{ sql_text(names | join(', ')) }} as feeds
    {{ 'union all' if not loop.last }}
    {%- else %}
    select cast(null as {{ dbt.type_string() }}) as metric_id, cast(null as {{ dbt.type_string() }}) as feeds
    where 1 = 0
    {%- endfor %}
{%- endmacro %}


{#- {feed table's unique id: [metric ids]} of all feeds. -#}
{% macro metrics_by_feed(product='uec') %}
    {% set metrics = {} %}
    {% for file in metric_files(product) %}
        {% for source in feeds_of_metric(file) %}
            {% do metrics.setdefault(source, []).append(file.id) %}
        {% endfor %}
    {% endfor %}
    {% do return(metrics) %}
{% endmacro %}
