-- One row per step of an urgent-care journey: 111 call -> ambulance -> emergency department -> hospital
-- spell (F 9.2). The keys are those of the facts, so that a journey can be followed without knowing whose
-- it is.
select
    link_type,
    {{ pseudonym('secondary_use', 'from_event_id') }} as from_event_key,
    {{ pseudonym('secondary_use', 'to_event_id') }} as to_event_key,
    link_method,
    minutes_between
from {{ ref('urgent_care_link') }}
