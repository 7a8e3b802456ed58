-- One row per record of any feed that speaks of a person: what it says of who the person is. The raw
-- material of the index (person_identity) and of the best record (cdm person). Identifying, like the
-- staging models it stacks.
{{ rows_follow_key(['feed_table', 'record_id'], person_feed_keys()) }}
{% for feed in person_feeds() %}
select
    feed_table,
    {{ feed.record_id }} as record_id,
    '{{ feed.issuer }}' as issuer,
    {{ feed.observed_at }} as observed_at,
    nhs_number,
    nhs_number_status_code,
    {{ feed.local_id ~ ' as local_patient_id' if feed.local_id else 'local_patient_id' }},
    family_name,
    given_name,
    birth_date,
    sex_code,
    ethnic_category_code,
    postcode,
    {{ 'lsoa_code' if feed.is_gp_list else 'cast(null as ' ~ dbt.type_string() ~ ')' }} as lsoa_code,
    gp_practice_code,
    {{ feed.died_on or 'cast(null as date)' }} as died_on,
    {{ 'true' if feed.is_gp_list else 'false' }} as is_registration
from {{ ref(feed.model) }}
{{ 'union all' if not loop.last }}
{% endfor %}
