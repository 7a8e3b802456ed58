-- One row per beginning and end of a registration of a person with a practice, and per death, for the shared
-- record. A view: care_record_event is the table.
{{ config(materialized='view') }}
{% set text = dbt.type_string() %}
{%- for kind, day, words, remark in [
    ('registration_start', 'registered_on', 'Registration with the practice begins', 'cast(null as ' ~ text ~ ')'),
    ('registration_end', 'ended_on', 'Registration with the practice ends', 'end_reason'),
] %}
select
    person_id,
    '{{ kind }}' as event_type,
    registration_period_id as source_id,
    cast(null as timestamp) as event_at,
    cast(null as timestamp) as event_at_local,
    {{ day }} as event_date,
    gp_practice_code as organisation_code,
    '{{ words }}' as title,
    cast(null as {{ text }}) as code_system,
    cast(null as {{ text }}) as code,
    {{ remark }} as value_text,
    cast(null as {{ text }}) as leads_from,
    feed_table,
    cast(null as timestamp) as received_at
from {{ ref('registration_period') }}
where person_id is not null and {{ day }} is not null
union all
{%- endfor %}
select
    person_id,
    'death' as event_type,
    person_id as source_id,
    cast(null as timestamp) as event_at,
    cast(null as timestamp) as event_at_local,
    died_on as event_date,
    cast(null as {{ text }}) as organisation_code,
    'Death' as title,
    cast(null as {{ text }}) as code_system,
    cast(null as {{ text }}) as code,
    cast(null as {{ text }}) as value_text,
    cast(null as {{ text }}) as leads_from,
    cast(null as {{ text }}) as feed_table,
    cast(null as timestamp) as received_at
from {{ ref('person') }}
where died_on is not null
