{#-
  Cohorts, found by what they are: models with config.meta.cohort. Nothing lists them, so that adding a cohort is adding
  one file (docs/cohorts.md). Every file gives person_id of people who belong to it at as_of, and nothing else.
-#}
{% macro cohort_files() %}
    {% set found = [] %}
    {% if execute %}
        {% for node in graph.nodes.values() if node.resource_type == 'model' and node.config.meta.get('cohort') %}
            {% do cohort_complaint(node) %}
            {% do found.append({'id': node.config.meta.cohort.id, 'cohort': node.config.meta.cohort, 'node': node}) %}
        {% endfor %}
    {% endif %}
    {% do return(found | sort(attribute='id')) %}
{% endmacro %}


{#- A cohort file that is not complete stops the build, naming the file and what to write. -#}
{% macro cohort_complaint(node) %}
    {% set cohort = node.config.meta.cohort %}
    {% set known = ['id', 'version', 'label', 'definition', 'owner', 'purpose', 'source'] %}
    {% for key in known if not cohort.get(key) %}
        {% do exceptions.raise_compiler_error(node.original_file_path ~ ": the cohort has no '" ~ key ~ "'") %}
    {% endfor %}
    {% for key in cohort if key not in known %}
        {% do exceptions.raise_compiler_error(node.original_file_path ~ ": '" ~ key ~ "' is not a word of a cohort; known are " ~ known | join(', ')) %}
    {% endfor %}
    {% if cohort.id | lower != node.name %}
        {% do exceptions.raise_compiler_error(node.original_file_path ~ ': cohort ' ~ cohort.id ~ ' belongs in ' ~ cohort.id | lower ~ '.sql') %}
    {% endif %}
{% endmacro %}


{#-
  The tables that cohort files may read. dbt can not see what a model reads through files that it finds when it runs, so
  the model that renders cohort files calls this first: naming the tables makes them its parents. A cohort that needs
  another table adds it here.
-#}
{% macro tables_of_cohorts() -%}
    {%- set tables = [
        ref('person_profile'),
        ref('person_register'),
        ref('person_score'),
        ref('person_use'),
        ref('care_gap'),
        ref('frequent_user'),
        ref('waiting_patient_use'),
    ] -%}
    -- Cohorts read {{ tables | length }} tables
{%- endmacro %}


{#- What the file selects, without the words of its config: the definition in SQL. -#}
{% macro cohort_sql(file) -%}
    {%- set said = file.node.raw_code.split(') }}', 1) if file.node.raw_code.strip().startswith('{{ config(') else ['', file.node.raw_code] -%}
    {%- do return((said[1] if said | length > 1 else said[0]).strip()) -%}
{%- endmacro %}


{#- A text as a literal, for SQL that is itself kept as data. -#}
{% macro cohort_text(value) -%}
    '{{ (value | string).replace("'", "''") }}'
{%- endmacro %}
