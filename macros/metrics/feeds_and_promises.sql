{#- A select for a CTE, one row per feed table of the contracts: who sends it, how often, and what hangs on it. -#}
{% macro feeds_and_promises() -%}
    {%- set words = ['partner', 'feed_table', 'partner_title', 'description', 'organisation_code', 'steward', 'agreement', 'dataset', 'contract_version', 'cadence', 'metrics'] -%}
    {%- set numbers = ['late_after_minutes', 'very_late_after_minutes'] -%}
    {%- set feeds = [] -%}
    {%- if execute -%}
        {%- set metrics = metrics_by_feed() -%}
        {%- for id, source in graph.sources.items() if source.config.meta.get('feed') -%}
            {%- set about = source.source_meta or {} -%}
            {%- set about = source.config.meta if not about.get('title') else about -%}
            {%- set feed = source.config.meta.feed -%}
            {%- do feeds.append({
                'partner': source.source_name, 'feed_table': source.name, 'partner_title': about.title,
                'description': source.description, 'organisation_code': about.organisation, 'steward': about.steward,
                'agreement': about.agreement, 'dataset': feed.dataset, 'contract_version': feed.version,
                'cadence': feed.cadence, 'metrics': metrics.get(id, []) | join(', ') or none,
                'late_after_minutes': promised_minutes(source, 'warn_after'),
                'very_late_after_minutes': promised_minutes(source, 'error_after'),
            }) -%}
        {%- endfor -%}
    {%- endif -%}
    {%- for feed in feeds %}
    select
        {%- for word in words %}
        {{ sql_text(feed[word]) }} as {{ word }},
        {%- endfor %}
        {%- for number in numbers %}
        cast({{ feed[number] if feed[number] is not none else 'null' }} as bigint) as {{ number }}{{ ',' if not loop.last }}
        {%- endfor %}
    {{ 'union all' if not loop.last }}
    {%- else %}
    select
        {%- for word in words %}
        cast(null as {{ dbt.type_string() }}) as {{ word }},
        {%- endfor %}
        {%- for number in numbers %}
        cast(null as bigint) as {{ number }}{{ ',' if not loop.last }}
        {%- endfor %}
    where 1 = 0
    {%- endfor %}
{%- endmacro %}


{#- How old the newest data may be under the contract's freshness, in minutes; none where it promises nothing. -#}
{% macro promised_minutes(source, level) -%}
    {%- set promise = ((source.config.freshness or source.freshness) or {}).get(level) -%}
    {%- if not promise or not promise.count -%}{%- do return(none) -%}{%- endif -%}
    {%- do return(promise['count'] * {'minute': 1, 'hour': 60, 'day': 1440}[promise.period]) -%}
{%- endmacro %}
