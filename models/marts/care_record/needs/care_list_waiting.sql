-- One row per registered patient who waits for treatment and whose use of services is rising (F 3.7
-- WAIT_USE), for the clinicians of the practice and of the provider. For direct care only (F 5.4).
select
    waiting.person_id,
    {{ patient_on_list() }},
    waiting.index_date,
    waiting.organisation_code,
    waiting.treatment_function_code,
    waiting.priority_code,
    waiting.clock_start_date,
    waiting.longest_wait_weeks,
    waiting.next_tci_date,
    nullif(substr(
        case when waiting.is_gp_rising then ', GP' else '' end
        || case when waiting.is_ed_rising then ', emergency department' else '' end
        || case when waiting.is_call_111_rising then ', 111' else '' end
        || case when waiting.is_ambulance_rising then ', ambulance' else '' end
        || case when waiting.is_urgent_rising then ', any urgent contact' else '' end,
        3
    ), '') as rising_use,
    waiting.gp_recent_count,
    waiting.ed_recent_count,
    waiting.call_111_recent_count,
    waiting.ambulance_recent_count,
    waiting.urgent_recent_count
from {{ ref('waiting_patient_use') }} as waiting
{{ join_patient_on_list('waiting') }}
where waiting.is_rising
