{#-
  The staging query of one council's client level data (F 2.13): every row of every submission, in the words of release 2.
  Submissions are stacked, and the rules of F 2.13.3 choose between them in the common data model; so no row replaces
  another here. A row with neither a valid NHS number nor the council's number is about nobody and is left out.
-#}
{% macro staged_client_level(partner, table='client_level_data') %}
    {%- set organisation = organisation_of_feed(partner, table) -%}
    {%- set contract = feed_contract(partner, table) -%}
    {%- set has_number = contract is none or 'nhs_number' in contract.columns -%}
with records as (

    select
        feed.*
        {%- if has_number %},
        {{ nhs_number_clean('feed.nhs_number') }} as _nhs_number
        {%- endif %}
    from {{ source(partner, table) }} as feed

)

select
    '{{ table }}' as feed_table,
    '{{ organisation }}' as organisation_code,
    '{{ organisation }}:' || records._batch_id || ':' || cast(records._row_number as {{ dbt.type_string() }}) as client_level_record_id,
    records._batch_id as submission_id,
    records._row_number as submission_row,
    records.reporting_period_start_date,
    records.reporting_period_end_date,
    {{ patient_columns(partner, table) }},
    case when records.date_of_death <= cast(records._received_at as date) then records.date_of_death end as date_of_death,
    {{ standard_code(partner, table, 'client_type') }} as client_type,
    {{ standard_code(partner, table, 'event_type') }} as event_type,
    records.started_on,
    records.ended_on,
    outcome.label as event_outcome,
    outcome.level as event_outcome_rank,
    route.label as route_of_access,
    records.assessment_type,
    service.label as service_type,
    service.group_code as service_group,
    component.label as service_component,
    records.service_component as sent_service_component,
    delivery.label as delivery_mechanism,
    records.primary_support_reason,
    records.accommodation_status,
    records.unit_cost,
    {{ standard_code(partner, table, 'cost_frequency') }} as cost_frequency,
    records.units_per_week,
    records._batch_id as batch_id,
    records._received_at as received_at
from records
{{ left_join_code('social_care_outcome', 'records.event_outcome', 'outcome') }}
{{ left_join_code('social_care_route', 'records.route_of_access', 'route') }}
{{ left_join_code('social_care_service_type', 'records.service_type', 'service') }}
{{ left_join_code('social_care_component', 'records.service_component', 'component') }}
{{ left_join_code('social_care_delivery', 'records.delivery_mechanism', 'delivery') }}
where
    records.local_patient_id is not null
    {%- if has_number %}
    or {{ nhs_number_is_valid('records._nhs_number') }}
    {%- endif %}
{% endmacro %}
