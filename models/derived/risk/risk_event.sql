-- One row per use of a service by a known person, with its day: what the risk model counts (F 4.7). A view:
-- the counts read the tables of the common data model themselves.
{{ config(materialized='view') }}
{%- set uses = [
    ('ed', 'ed_attendance', 'cast(arrived_at_local as date)', 'is_counted'),
    ('emergency', 'hospital_spell', 'admission_date', counts_as_emergency_admission('admission_method_code')),
    ('elective', 'hospital_spell', 'admission_date', "admission_group = 'elective'"),
    ('outpatient', 'outpatient_appointment', 'appointment_date', 'is_attended'),
    ('outpatient_dna', 'outpatient_appointment', 'appointment_date', 'is_dna'),
    ('call_111', 'urgent_call', 'cast(offered_at_local as date)', 'true'),
    ('ambulance', 'ambulance_incident', 'cast(call_connect_at_local as date)', 'is_counted'),
    ('gp_appointment', 'gp_appointment', 'cast(starts_at_local as date)', "status_group = 'attended'"),
] %}
{%- for kind, table, event_date, condition in uses %}
select
    person_id,
    {{ event_date }} as event_date,
    '{{ kind }}' as kind
from {{ ref(table) }}
where person_id is not null and {{ condition }}
{{ 'union all' if not loop.last }}
{%- endfor %}
