{#-
  The metric files of a product, found by what they are: models with config.meta.metric. Nothing lists them, so that
  adding a metric is adding one file. Every file gives, one row per event: event_date, organisation_code, site_code
  (null = the whole organisation), is_covid (null = the fact can not tell), numerator, denominator; a metric that names
  its `category` also category (null = counts for ALL only); a fact that has a person also {{ person_of_event() }}.
-#}
{% macro metric_files(product='uec') %}
    {% set found = [] %}
    {% if execute %}
        {% for node in graph.nodes.values() if node.resource_type == 'model' and node.config.meta.get('metric') and node.fqn[2] == product %}
            {% do metric_complaint(node) %}
            {% do found.append({'id': node.config.meta.metric.id, 'metric': node.config.meta.metric, 'node': node}) %}
        {% endfor %}
    {% endif %}
    {% do return(found | sort(attribute='id')) %}
{% endmacro %}


{#- A metric file that is not complete stops the build, naming the file and what to write. -#}
{% macro metric_complaint(node) %}
    {% set metric = node.config.meta.metric %}
    {% set known = ['id', 'label', 'unit', 'better', 'aggregate', 'definition', 'source', 'choice', 'dataset', 'no_target', 'category', 'system', 'headline'] %}
    {% set aggregates = ['ratio', 'mean', 'sum', 'p90', 'median', 'daily_average'] %}
    {% for key in ['id', 'label', 'unit', 'better', 'aggregate', 'definition', 'source', 'dataset'] if not metric.get(key) %}
        {% do exceptions.raise_compiler_error(node.original_file_path ~ ": the metric has no '" ~ key ~ "'") %}
    {% endfor %}
    {% for key in metric if key not in known %}
        {% do exceptions.raise_compiler_error(node.original_file_path ~ ": '" ~ key ~ "' is not a word of a metric; known are " ~ known | join(', ')) %}
    {% endfor %}
    {% if metric.aggregate not in aggregates %}
        {% do exceptions.raise_compiler_error(node.original_file_path ~ ": aggregate '" ~ metric.aggregate ~ "' is not one of " ~ aggregates | join(', ')) %}
    {% endif %}
    {% if metric.id | lower != node.name %}
        {% do exceptions.raise_compiler_error(node.original_file_path ~ ': metric ' ~ metric.id ~ ' belongs in ' ~ metric.id | lower ~ '.sql') %}
    {% endif %}
{% endmacro %}


{#- The SQL of a metric file, as a subquery. At execution config() in it says nothing, so it can not change the caller's. -#}
{% macro metric_events(file) -%}
    (
        {{ render(file.node.raw_code) | trim }}
    ) as metric_event
{%- endmacro %}


{#- The person behind an event, as far as secondary use may know; a file that has these is in uec_metric_population. -#}
{% macro person_of_event() -%}
    age_band,
    ethnic_group,
    imd_quintile,
    sex_code,
    registered_sub_icb_code
{%- endmacro %}


{#- What the metric files say of themselves: a select for a CTE, one row per metric; no row where there is no file. -#}
{% macro metric_words(words, product='uec') -%}
    {%- set names = {'id': 'metric_id', 'category': 'category_name', 'system': 'is_system', 'headline': 'headline_group'} -%}
    {%- for file in metric_files(product) %}
    select
        {%- for word in words %}
        {{ metric_word(file.metric, word) }} as {{ names.get(word, word) }}{{ ',' if not loop.last }}
        {%- endfor %}
    {{ 'union all' if not loop.last }}
    {%- else %}
    select
        {%- for word in words %}
        {{ metric_word({}, word) }} as {{ names.get(word, word) }}{{ ',' if not loop.last }}
        {%- endfor %}
    where 1 = 0
    {%- endfor %}
{%- endmacro %}


{% macro metric_word(metric, word) -%}
    {{ ('true' if metric.get(word) else 'false') if word == 'system' else sql_text(metric.get(word)) }}
{%- endmacro %}
