{#- One insert that evaluates all checks of one table: row conditions in one scan, keys and references as one aggregate each. -#}
{% macro check_statement(table) %}
    {%- set key = key_expression(table.key) if table.key else 'cast(null as ' ~ dbt.type_string() ~ ')' -%}
    {%- set plans = [] -%}
    {%- for test in table.checks -%}{%- do plans.append(check_plan(test, table.columns, loop.index0, table, key)) -%}{%- endfor -%}
    insert into hub.check_result__new
    with
    whole_table as {{ 'materialized ' if table.is_view and target.type in ('duckdb', 'postgres') }}(
        select * from {{ table.relation }}
    ),
    scan as (
        select
            count(*) as table_rows
            {%- for plan in plans if plan.measures %},
            {{ plan.measures }}
            {%- endfor %}
        from whole_table
    ),
    {%- for plan in plans if plan.cte %}
    c{{ plan.position }} as (
        {{ plan.cte }}
    ),
    {%- endfor %}
    declared (position, check_id, check_name, kind, column_name, severity, message, is_refused) as (
        values
        {%- for plan in plans %}
        {{ declared_check(plan) }}{{ ',' if not loop.last }}
        {%- endfor %}
    ),
    measured as (
        select
            declared.*,
            cast({{ measure_of_check(plans, 'n') }} as bigint) as rows_checked,
            cast({{ measure_of_check(plans, 'f') }} as bigint) as rows_failed,
            {{ measure_of_check(plans, 'l') }} as sample_key_low,
            {{ measure_of_check(plans, 'h') }} as sample_key_high
        from declared
        cross join scan
        {%- for plan in plans if plan.cte %}
        cross join c{{ plan.position }}
        {%- endfor %}
    )
    select
        measured.check_id,
        measured.check_name,
        measured.kind,
        {{ sql_text(table.table_name) }} as table_name,
        measured.column_name,
        measured.severity,
        measured.rows_checked,
        measured.rows_failed,
        case when measured.rows_failed > 0 then measured.sample_key_low end as sample_key_low,
        case when measured.rows_failed > 0 then measured.sample_key_high end as sample_key_high,
        case
            when measured.is_refused then 'error'
            when measured.severity = 'error' and {{ beyond_threshold(plans, 'error_if') }} then 'fail'
            when {{ beyond_threshold(plans, 'warn_if') }} then 'warn'
            else 'pass'
        end as status,
        measured.message,
        run_context.as_of
    from measured
    cross join {{ source('hub', 'run_context') }} as run_context
{% endmacro %}


{% macro declared_check(plan) -%}
    ({{ plan.position }}, '{{ plan.test.unique_id }}', '{{ plan.test.name }}', '{{ plan.kind }}', {{ sql_text(plan.column_name) }}, '{{ plan.test.config.severity | lower }}', {{ sql_text(plan.test.name ~ ': ' ~ plan.refusal if plan.refusal else plan.test.description or none) }}, {{ 'true' if plan.refusal else 'false' }})
{%- endmacro %}


{#- n rows checked, f rows failed, l and h lowest and highest key of a failing row; nothing where the check was refused. -#}
{% macro measure_of_check(plans, letter) -%}
    case declared.position
        when -1 then null
        {%- for plan in plans if not plan.refusal %}
        when {{ plan.position }} then {% if letter in 'nf' %}coalesce({{ plan.from }}.{{ letter }}{{ plan.position if plan.measures }}, 0){% else %}{{ plan.from }}.{{ letter }}{{ plan.position if plan.measures }}{% endif %}
        {%- endfor %}
    end
{%- endmacro %}


{#- dbt's warn_if and error_if, such as '>10'; '!= 0' unless a test says otherwise. -#}
{% macro beyond_threshold(plans, threshold) -%}
    case measured.position
        when -1 then false
        {%- for plan in plans if plan.test.config[threshold] != '!= 0' %}
        when {{ plan.position }} then measured.rows_failed {{ plan.test.config[threshold] }}
        {%- endfor %}
        else measured.rows_failed <> 0
    end
{%- endmacro %}


{#- What one test becomes: measures in the common scan, or a statement of its own, or the reason why it can not be evaluated. -#}
{% macro check_plan(test, columns, position, table, key) %}
    {%- set kind = test.test_metadata.name -%}
    {%- set arguments = check_arguments(test) -%}
    {%- set column_name = arguments.get('column_name') -%}
    {%- set plan = {'test': test, 'kind': kind, 'column_name': column_name, 'position': position, 'from': 'scan', 'measures': none, 'cte': none} -%}
    {%- do plan.update({'refusal': check_refusal(test, kind, column_name, arguments, columns)}) -%}
    {%- if plan.refusal -%}{%- do return(plan) -%}{%- endif -%}
    {%- set where = render(test.config.where) if test.config.where else none -%}
    {%- set rows = '(select * from whole_table where ' ~ where ~ ') as checked' if where else 'whole_table as checked' -%}
    {%- if kind in ('unique', 'unique_combination') -%}
        {%- do plan.update({'from': 'c' ~ position, 'cte': check_of_key(arguments.get('columns') or [column_name], rows)}) -%}
    {%- elif kind == 'relationships' -%}
        {%- do plan.update({'from': 'c' ~ position, 'cte': check_of_reference(column_name, referenced_table(test, table), arguments.field, rows, key)}) -%}
    {%- else -%}
        {%- set condition = context['failing_rows__' ~ kind](**arguments) | trim -%}
        {%- do plan.update({'measures': check_of_rows(condition, where, position, key, arguments.get('at_least'), column_name)}) -%}
    {%- endif -%}
    {%- do return(plan) -%}
{% endmacro %}


{#- Arguments as written in YAML, Jinja inside them rendered. -#}
{% macro check_arguments(test) %}
    {% set arguments = {} %}
    {% for name, value in test.test_metadata.kwargs.items() if name != 'model' %}
        {% do arguments.update({name: render(value) if value is string and '{' in value and name != 'regex' else value}) %}
    {% endfor %}
    {% if 'column_name' not in arguments and test.test_metadata.name == 'expression_is_true' %}
        {% do arguments.update({'column_name': none}) %}
    {% endif %}
    {% do return(arguments) %}
{% endmacro %}


{#- Why a test can not be evaluated here; none where it can. Everything that the engine does not honour is refused aloud. -#}
{% macro check_refusal(test, kind, column_name, arguments, columns) %}
    {% if test.test_metadata.namespace or (kind not in ('unique', 'unique_combination', 'relationships') and not context.get('failing_rows__' ~ kind)) %}
        {% do return("the kind '" ~ kind ~ "' is unknown: add macro failing_rows__" ~ kind ~ " to macros/checks") %}
    {% endif %}
    {% if not columns %}{% do return('the table does not exist') %}{% endif %}
    {% for name in (arguments.get('columns') or [column_name]) if name and name | lower not in columns %}
        {% do return("the table has no column '" ~ name ~ "'") %}
    {% endfor %}
    {% if test.config.fail_calc and test.config.fail_calc != 'count(*)' %}{% do return("fail_calc is not supported") %}{% endif %}
    {% if test.config.limit %}{% do return("limit is not supported: every failing row is counted") %}{% endif %}
    {% if test.config.store_failures %}{% do return("store_failures is not supported: run this one with dbt test") %}{% endif %}
    {% if kind == 'not_null_share' and test.config.where %}{% do return("where is not supported with not_null_share") %}{% endif %}
    {% do return(none) %}
{% endmacro %}


{% macro check_of_rows(condition, where, position, key, at_least, column_name) -%}
    {%- set fails = '(' ~ where ~ ') and (' ~ condition ~ ')' if where else condition -%}
    sum(case when {{ where or '1 = 1' }} then 1 else 0 end) as n{{ position }},
    {%- if at_least is not none %}
    case when count({{ column_name }}) < {{ at_least }} * count(*) then sum(case when {{ fails }} then 1 else 0 end) else 0 end as f{{ position }},
    {%- else %}
    sum(case when {{ fails }} then 1 else 0 end) as f{{ position }},
    {%- endif %}
    min(case when {{ fails }} then {{ key }} end) as l{{ position }},
    max(case when {{ fails }} then {{ key }} end) as h{{ position }}
{%- endmacro %}


{% macro check_of_key(key_columns, rows) -%}
    select
        sum(rows_of_key) as n,
        sum(case when rows_of_key > 1 then rows_of_key else 0 end) as f,
        min(case when rows_of_key > 1 then sample_key end) as l,
        max(case when rows_of_key > 1 then sample_key end) as h
    from (
        select count(*) as rows_of_key, {{ key_expression(key_columns) }} as sample_key
        from {{ rows }}
        {%- if key_columns | length == 1 %}
        where {{ key_columns[0] }} is not null
        {%- endif %}
        group by {{ key_columns | join(', ') }}
    ) as keyed
{%- endmacro %}



{% macro check_of_reference(column_name, parent, field, rows, key) -%}
    select
        count(*) as n,
        sum(case when parent.parent_key is null then 1 else 0 end) as f,
        min(case when parent.parent_key is null then checked.sample_key end) as l,
        max(case when parent.parent_key is null then checked.sample_key end) as h
    from (select {{ column_name }} as child_key, {{ key }} as sample_key from {{ rows }} where {{ column_name }} is not null) as checked
    left join (select distinct {{ field }} as parent_key from {{ parent }}) as parent on parent.parent_key = checked.child_key
{%- endmacro %}


{#- The other table that the test names; a table may refer to itself. (A hook may not use ref.) -#}
{% macro referenced_table(test, table) %}
    {% for parent in test.depends_on.nodes if parent != table.id %}
        {% do return((graph.nodes.get(parent) or graph.sources[parent]).relation_name) %}
    {% endfor %}
    {% do return(table.relation) %}
{% endmacro %}


{% macro sql_text(value) -%}
    {%- if value is none -%}cast(null as {{ dbt.type_string() }})
    {%- else -%}'{{ value | string | replace("'", "''") }}'
    {%- endif -%}
{%- endmacro %}
