-- One row per step between two urgent care events of one person's journey: call, ambulance, emergency
-- department, ward.
{% for link in ['link_call_to_ambulance', 'link_call_to_ed', 'link_ambulance_to_ed', 'link_ed_to_spell'] %}
select
    link_type,
    from_event_id,
    to_event_id,
    link_method,
    minutes_between
from {{ ref(link) }}
{{ 'union all' if not loop.last }}
{% endfor %}
