{#- The staging query of one hospital's emergency department feed. Three systems, one shape. -#}
{% macro staged_ed_attendances(table) %}
    {%- set partner = 'mseft' -%}
    {%- set site = site_of_feed(partner, table) -%}
{{ rows_follow_key('local_attendance_id', {'mseft.' ~ table: 'attendance_id'}) }}
with records as (

    {{ current_patients(partner, table) }}

)

select
    '{{ table }}' as feed_table,
    '{{ site }}:' || attendance_id as ed_attendance_id,
    attendance_id as local_attendance_id,
    coalesce({{ standard_code(partner, table, 'site_code') }}, '{{ site }}') as site_code,
    {{ standard_code(partner, table, 'department_type_code') }} as department_type_code,
    {{ patient_columns(partner, table) }},
    {{ standard_code(partner, table, 'arrival_mode_code') }} as arrival_mode_code,
    {{ incident_number_key('ambulance_incident_number') }} as incident_number_key,
    {{ standard_code(partner, table, 'attendance_category_code') }} as attendance_category_code,
    arrived_at as arrived_at_local,
    initial_assessment_at as initial_assessment_at_local,
    seen_for_treatment_at as seen_for_treatment_at_local,
    decided_to_admit_at as decided_to_admit_at_local,
    clinically_ready_to_proceed_at as clinically_ready_to_proceed_at_local,
    departed_at as departed_at_local,
    {{ standard_code(partner, table, 'acuity_code') }} as acuity_code,
    chief_complaint_code,
    diagnosis_code,
    {{ standard_code(partner, table, 'discharge_status_code') }} as discharge_status_code,
    {{ standard_code(partner, table, 'discharge_destination_code') }} as discharge_destination_code,
    _batch_id as batch_id,
    _received_at as received_at
from records
{% endmacro %}
