-- A key in a mart is never one of the common data model: secondary use has keys of its own.
{% set keys = [
    ('dim_person', 'person_key', 'person', 'person_id'),
    ('fct_urgent_call', 'urgent_call_key', 'urgent_call', 'urgent_call_id'),
    ('fct_urgent_call', 'person_key', 'person', 'person_id'),
    ('fct_ambulance_incident', 'ambulance_incident_key', 'ambulance_incident', 'ambulance_incident_id'),
    ('fct_ambulance_incident', 'person_key', 'person', 'person_id'),
    ('fct_ed_attendance', 'ed_attendance_key', 'ed_attendance', 'ed_attendance_id'),
    ('fct_ed_attendance', 'person_key', 'person', 'person_id'),
    ('fct_hospital_spell', 'hospital_spell_key', 'hospital_spell', 'hospital_spell_id'),
    ('fct_hospital_spell', 'person_key', 'person', 'person_id'),
    ('fct_urgent_care_link', 'from_event_key', 'urgent_care_link', 'from_event_id'),
    ('fct_urgent_care_link', 'to_event_key', 'urgent_care_link', 'to_event_id'),
] %}
{% for mart, mart_key, entity, entity_key in keys %}
select '{{ mart }}.{{ mart_key }}' as leaking_column
from {{ ref(mart) }} as mart
inner join {{ ref(entity) }} as entity
    on mart.{{ mart_key }} = entity.{{ entity_key }}
{{ 'union all' if not loop.last }}
{% endfor %}
