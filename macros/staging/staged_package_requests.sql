{#-
  The staging query of one council's requests for packages of care. A weekly list says how a request stands on its census
  day, a journal how it stands from the moment of a change on; both end as statements with a moment.
-#}
{% macro staged_package_requests(partner, table) %}
    {%- set organisation = organisation_of_feed(partner, table) -%}
    {%- set contract = feed_contract(partner, table) -%}
    {%- set is_journal = contract is not none and 'changed_at' in contract.columns -%}
    {%- set stated_at = 'changed_at' if is_journal else 'cast(census_date as timestamp)' -%}
with records as (

    {{ current_patients(partner, table) }}

)

select
    '{{ table }}' as feed_table,
    '{{ organisation }}' as organisation_code,
    '{{ organisation }}:' || request_id || '@' || cast({{ stated_at }} as {{ dbt.type_string() }}) as care_package_statement_id,
    '{{ organisation }}:' || request_id as care_package_request_id,
    {{ stated_at }} as stated_at_local,
    {{ patient_columns(partner, table) }},
    requested_on,
    {{ standard_code(partner, table, 'location_code') }} as location_code,
    {{ standard_code(partner, table, 'package_type_code') }} as package_type_code,
    hours_per_week,
    {{ standard_code(partner, table, 'status_code') }} as status_code,
    closed_on,
    _batch_id as batch_id,
    _received_at as received_at
from records
{% endmacro %}
