{#-
  One insert that counts what fails each check of one table: row conditions in one scan, keys and references by a select
  each. Few checks ever fail, so which rows do is asked afterwards, of those alone (find_sample_keys). Written so that
  little is rendered and planned: at thousands of checks that costs more than the rows. A call of a macro costs 50 us.
-#}
{% macro check_statement(table) %}
    {%- set plans = [] -%}
    {%- for test in table.checks -%}{%- do plans.append(check_plan(test, table, loop.index0)) -%}{%- endfor -%}
    {%- set counts = plans | map(attribute='checked') | unique | list -%}
    {%- set apart = plans | selectattr('apart') | list -%}
    {%- set text = dbt.type_string() -%}
    insert into hub.check_result__new
    with
    {{ whole_table(table, is_read_again=apart) }},
    scan as (
        select
            {%- for plan in plans if plan.measure %}
            {{ plan.measure }} as f{{ plan.position }},
            {%- endfor %}
            {%- for count in counts %}
            {{ count }} as n{{ loop.index0 }}{{ ',' if not loop.last }}
            {%- endfor %}
        from whole_table
    ),
    {%- if apart %}
    apart (position, f) as (
        {%- for plan in apart %}
        select {{ plan.position }}, {{ plan.apart }}{{ ' union all' if not loop.last }}
        {%- endfor %}
    ),
    {%- endif %}
    declared (position, check_id, check_name, kind, column_name, severity, message, is_refused) as (
        values
        {%- for plan in plans %}{%- set message = plan.test.name ~ ': ' ~ plan.refusal if plan.refusal else plan.test.description %}
        (
            {{- plan.position }}, '{{ plan.test.unique_id }}', '{{ plan.test.name }}', '{{ plan.kind }}', {{ "'" ~ plan.column_name ~ "'" if plan.column_name else 'null' }}, '{{ plan.test.config.severity | lower }}', {{ "'" ~ message | replace("'", "''") ~ "'" if message else 'null' }}, {{ 'true' if plan.refusal else 'false' -}}
        ){{ ',' if not loop.last }}
        {%- endfor %}
    ),
    measured as (
        select
            declared.*,
            case declared.position
                when -1 then null
                {%- for plan in plans if plan.refusal or plan.checked != counts[0] %}
                when {{ plan.position }} then {{ 'null' if plan.refusal else 'scan.n' ~ counts.index(plan.checked) }}
                {%- endfor %}
                else scan.n0
            end as rows_checked,
            case declared.position
                when -1 then null
                {%- for plan in plans if plan.measure %}
                when {{ plan.position }} then scan.f{{ plan.position }}
                {%- endfor %}
                {{ 'else apart.f' if apart }}
            end as rows_failed
        from declared
        cross join scan
        {{ 'left join apart on apart.position = declared.position' if apart }}
    )
    select
        measured.check_id,
        measured.check_name,
        measured.kind,
        '{{ table.table_name }}' as table_name,
        cast(measured.column_name as {{ text }}) as column_name,
        measured.severity,
        cast(measured.rows_checked as bigint) as rows_checked,
        cast(measured.rows_failed as bigint) as rows_failed,
        cast(null as {{ text }}) as sample_key_low,
        cast(null as {{ text }}) as sample_key_high,
        case
            when measured.is_refused then 'error'
            when measured.severity = 'error' and {{ beyond_threshold(plans, 'error_if') }} then 'fail'
            when {{ beyond_threshold(plans, 'warn_if') }} then 'warn'
            else 'pass'
        end as status,
        cast(measured.message as {{ text }}) as message,
        run_context.as_of
    from measured
    cross join {{ source('hub', 'run_context') }} as run_context
{% endmacro %}


{#- Tells the lowest and the highest key of the rows that failed, for every check of the new results that has any. -#}
{% macro find_sample_keys(tables) %}
    {%- set failing = run_query('select check_id from hub.check_result__new where rows_failed > 0').columns[0].values() -%}
    {%- for table in tables.values() -%}
        {%- set tests = [] -%}
        {%- for test in table.checks if test.unique_id in failing -%}{%- do tests.append(test) -%}{%- endfor -%}
        {%- if tests -%}{%- do run_query(sample_statement(table, tests)) -%}{%- endif -%}
    {%- endfor -%}
{% endmacro %}


{% macro sample_statement(table, tests) %}
    update hub.check_result__new
    set sample_key_low = sample.low, sample_key_high = sample.high
    from (
        with
        {{ whole_table(table, is_read_again=tests | length > 1) }}
        {%- for test in tests %}
        {%- set plan = check_plan(test, table, 0) %}
        select '{{ test.unique_id }}' as sampled_id, min(failing.sample_key) as low, max(failing.sample_key) as high
        from (
            select {{ key_expression(plan.key or table.key) or 'cast(null as ' ~ dbt.type_string() ~ ')' }} as sample_key
            {{ plan.failing }}
        ) as failing
        {{- ' union all' if not loop.last }}
        {%- endfor %}
    ) as sample
    where check_id = sample.sampled_id
{% endmacro %}


{#- What a view gives is kept where it is read again. All of it: the record of everybody is 7 GB. -#}
{% macro whole_table(table, is_read_again) -%}
    whole_table as {{ ('materialized ' if is_read_again else 'not materialized ') if table.is_view and target.type in ('duckdb', 'postgres') }}(
        select * from {{ table.relation }}
    )
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


{#-
  What one test becomes: what counts the rows that it looks at (`checked`) and those that fail (`measure` in the common scan,
  or a select `apart`), and the rows that fail (`failing`); or the reason why it can not be evaluated (`refusal`).
-#}
{% macro check_plan(test, table, position) %}
    {%- set kind = test.test_metadata.name -%}
    {%- set arguments = check_arguments(test) -%}
    {%- set column_name = arguments.get('column_name') -%}
    {%- set refusal = check_refusal(test, kind, column_name, arguments, table.columns) -%}
    {%- set plan = {'test': test, 'kind': kind, 'column_name': column_name, 'position': position, 'refusal': refusal, 'checked': 'count(*)'} -%}
    {%- if refusal -%}{%- do return(plan) -%}{%- endif -%}
    {%- set where = '(' ~ render(test.config.where) ~ ') and ' if test.config.where else '' -%}
    {%- if where -%}{%- do plan.update({'checked': 'count(case when ' ~ where ~ '1 = 1 then 1 end)'}) -%}{%- endif -%}
    {%- if kind in ('unique', 'unique_combination', 'relationships') -%}
        {%- set columns = arguments.get('columns') or [column_name] -%}
        {%- set present = '1 = 1' -%}
        {%- if columns | length == 1 -%}
            {%- set present = columns[0] ~ ' is not null' -%}
            {%- do plan.update({'checked': 'count(case when ' ~ where ~ present ~ ' then 1 end)' if where else 'count(' ~ columns[0] ~ ')'}) -%}
        {%- endif -%}
        {%- if kind == 'relationships' -%}
            {%- set parent = referenced_table(test, table) -%}
            {#- Among values that are not null: `not in` says nothing where there is a null. -#}
            {%- set failing = 'from whole_table where ' ~ where ~ present ~ ' and ' ~ column_name ~ ' not in (select parent.' ~ arguments.field ~ ' from ' ~ parent ~ ' as parent where parent.' ~ arguments.field ~ ' is not null)' -%}
            {%- do plan.update({'failing': failing, 'apart': 'count(*) ' ~ failing}) -%}
        {%- else -%}
            {%- set failing = 'from whole_table where ' ~ where ~ present ~ ' group by ' ~ columns | join(', ') ~ ' having count(*) > 1' -%}
            {%- do plan.update({'failing': failing, 'key': columns, 'apart': 'coalesce(sum(keyed.n), 0) from (select count(*) as n ' ~ failing ~ ') as keyed'}) -%}
        {%- endif -%}
    {%- else -%}
        {%- set fails = where ~ '(' ~ context['failing_rows__' ~ kind](**arguments) | trim ~ ')' -%}
        {%- do plan.update({'failing': 'from whole_table where ' ~ fails, 'measure': 'count(case when ' ~ fails ~ ' then 1 end)'}) -%}
        {%- if kind == 'not_null' and not where -%}
            {%- do plan.update({'measure': 'count(*) - count(' ~ column_name ~ ')'}) -%}
        {%- elif kind == 'not_null_share' -%}
            {%- set filled = 'count(' ~ column_name ~ ')' -%}
            {%- do plan.update({'measure': 'case when ' ~ filled ~ ' < ' ~ arguments.at_least ~ ' * count(*) then count(*) - ' ~ filled ~ ' else 0 end'}) -%}
        {%- endif -%}
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
