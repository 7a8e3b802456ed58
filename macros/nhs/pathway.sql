{#-
  The waits of an urgent-care journey in the order in which they come. They do not overlap: each clock starts no earlier
  than the one before it stopped (docs/decisions, "One journey, one row").
-#}
{% macro pathway_waits() %}
    {% do return([
        {'step': 'wait_for_answer', 'label': 'Waiting for 111 to answer'},
        {'step': 'wait_for_ambulance', 'label': 'Waiting for an ambulance'},
        {'step': 'wait_for_handover', 'label': 'Waiting in an ambulance outside the hospital'},
        {'step': 'wait_to_be_seen', 'label': 'Waiting in the emergency department to be seen'},
        {'step': 'wait_for_bed', 'label': 'Waiting in the emergency department for a bed'},
        {'step': 'wait_after_ready', 'label': 'Ready to leave hospital, waiting on the ward'},
        {'step': 'wait_after_ready_community', 'label': 'Ready to leave a community bed, waiting there'},
        {'step': 'wait_for_package', 'label': 'Out of hospital, waiting for care at home'},
    ]) %}
{% endmacro %}


{#- Place of a wait in the journey, 1 first. -#}
{% macro pathway_wait_order(wait_step) -%}
    case {{ wait_step }}
        {%- for wait in pathway_waits() %} when '{{ wait.step }}' then {{ loop.index }}{% endfor %}
    end
{%- endmacro %}


{% macro pathway_wait_label(wait_step) -%}
    case {{ wait_step }}
        {%- for wait in pathway_waits() %} when '{{ wait.step }}' then '{{ wait.label }}'{% endfor %}
    end
{%- endmacro %}


{#- The first contact's events as one text, so that incident and attendance numbers can not be taken for each other. -#}
{% macro journey_key(ambulance_incident_id, ed_attendance_id) -%}
    case
        when {{ ed_attendance_id }} is not null then 'ed:' || {{ ed_attendance_id }}
        else 'incident:' || {{ ambulance_incident_id }}
    end
{%- endmacro %}


{#- One kind of link, as a subquery: from_event_id, to_event_id. -#}
{% macro links_of(link_type) -%}
    (select from_event_id, to_event_id from {{ ref('urgent_care_link') }} where link_type = '{{ link_type }}')
{%- endmacro %}


{#- How a journey goes on after leaving a bed, from discharge method and the group of the destination. -#}
{% macro outcome_of_discharge(method, destination_group) -%}
    case
        when {{ method }} in ('4', '5') or {{ destination_group }} = 'died' then 'died'
        when {{ destination_group }} = 'home' then 'home'
        when {{ destination_group }} = 'care_home' then 'care_home'
        when {{ destination_group }} = 'hospital' then 'transferred'
        when {{ destination_group }} in ('hospice', 'justice', 'other') then 'other'
        else 'not_known'
    end
{%- endmacro %}
