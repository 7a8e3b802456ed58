{#-
  The staging query of one hospital's spell feed. Two systems send one timestamp (midnight where the time is missing),
  one sends date and time apart; both end as a date that is always there and a timestamp that is null without a time.
-#}
{% macro staged_spells(table) %}
    {%- set partner = 'mseft' -%}
    {%- set site = site_of_feed(partner, table) -%}
    {%- set contract = feed_contract(partner, table) -%}
    {%- set is_split = contract is not none and 'admission_date' in contract.columns -%}
{{ rows_follow_key('local_spell_id', {'mseft.' ~ table: 'spell_id'}) }}
with records as (

    {{ current_patients(partner, table) }}

)

select
    '{{ table }}' as feed_table,
    '{{ site }}:' || spell_id as hospital_spell_id,
    spell_id as local_spell_id,
    coalesce({{ standard_code(partner, table, 'site_code') }}, '{{ site }}') as site_code,
    {{ patient_columns(partner, table) }},
    {{ spell_moment('admission', 'admitted_at', is_split) }},
    {{ spell_moment('discharge', 'discharged_at', is_split) }},
    {{ standard_code(partner, table, 'admission_method_code') }} as admission_method_code,
    {{ standard_code(partner, table, 'admission_source_code') }} as admission_source_code,
    {{ standard_code(partner, table, 'patient_classification_code') }} as patient_classification_code,
    {{ standard_code(partner, table, 'discharge_method_code') }} as discharge_method_code,
    {{ standard_code(partner, table, 'discharge_destination_code') }} as discharge_destination_code,
    discharge_ready_date,
    treatment_function_code,
    {{ icd10_clean('primary_diagnosis_code') }} as primary_diagnosis_code,
    {{ icd10_list_clean('secondary_diagnosis_codes') }} as secondary_diagnosis_codes,
    '{{ site }}:' || ed_attendance_id as source_ed_attendance_id,
    _batch_id as batch_id,
    _received_at as received_at
from records
{% endmacro %}

{#- Date, timestamp and whether the time is known, of an admission or a discharge. -#}
{% macro spell_moment(event, sent_as, is_split) -%}
    {%- if is_split -%}
    {{ event }}_date,
    {{ date_and_time(event ~ '_date', event ~ '_time') }} as {{ sent_as }}_local,
    {{ event }}_time is not null as has_{{ event }}_time
    {%- else -%}
    cast({{ sent_as }} as date) as {{ event }}_date,
    case when {{ sent_as }} <> {{ period_start('day', sent_as) }} then {{ sent_as }} end as {{ sent_as }}_local,
    coalesce({{ sent_as }} <> {{ period_start('day', sent_as) }}, false) as has_{{ event }}_time
    {%- endif -%}
{%- endmacro %}
