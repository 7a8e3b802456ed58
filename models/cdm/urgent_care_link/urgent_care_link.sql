-- One row per step between two events of one person's journey: call, ambulance, emergency department,
-- hospital spell, community bed, package of care.
{% for link in [
    'link_call_to_ambulance', 'link_call_to_ed', 'link_ambulance_to_ed', 'link_ed_to_spell',
    'link_spell_to_spell', 'link_spell_to_stay', 'link_spell_to_package', 'link_stay_to_package',
] %}
select
    link_type,
    from_event_id,
    to_event_id,
    link_method,
    minutes_between
from {{ ref(link) }}
{{ 'union all' if not loop.last }}
{% endfor %}
