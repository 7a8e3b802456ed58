-- One row per person in secondary use on the newest waiting list (RTT incomplete), at as_of: how long the
-- longest wait is, and whether use of services is rising (F 3.7 WAIT_USE). Who opted out is left out.
select
    {{ pseudonym('population_health', 'waiting.person_id') }} as person_key,
    waiting.index_date,
    profile.gp_practice_code,
    profile.pcn_code,
    profile.sub_icb_code,
    {{ age_band('profile.age_years') }} as age_band,
    waiting.pathway_count,
    waiting.organisation_code,
    {{ without_sensitive('treatment_function', 'waiting.treatment_function_code', ['restrict']) }}
        as treatment_function_code,
    waiting.priority_code,
    waiting.longest_wait_weeks,
    waiting.is_over_18_weeks,
    waiting.gp_recent_count,
    waiting.gp_before_count,
    waiting.is_gp_rising,
    waiting.ed_recent_count,
    waiting.ed_before_count,
    waiting.is_ed_rising,
    waiting.call_111_recent_count,
    waiting.call_111_before_count,
    waiting.is_call_111_rising,
    waiting.ambulance_recent_count,
    waiting.ambulance_before_count,
    waiting.is_ambulance_rising,
    waiting.urgent_recent_count,
    waiting.urgent_before_count,
    waiting.is_urgent_rising,
    waiting.is_comparable,
    waiting.is_rising
from {{ ref('waiting_patient_use') }} as waiting
inner join {{ ref('person_for_research_and_planning') }} as permitted
    on waiting.person_id = permitted.person_id
left join {{ ref('person_profile') }} as profile
    on
        waiting.person_id = profile.person_id
        and profile.is_current
