-- One row per patient and open gap in care at as_of (F 3.10), for the clinicians of the practice: who it is,
-- what is missing, and what was recorded last. For direct care only (F 5.4); opt-outs do not apply.
select
    gap.person_id,
    {{ patient_on_list() }},
    gap.index_date,
    gap.gap_code,
    rule.label as gap_label,
    gap.evidence_date as last_recorded_on,
    gap.evidence_value as last_value,
    cast(count(*) over (partition by gap.person_id) as integer) as open_gap_count
from {{ ref('care_gap') }} as gap
{{ join_patient_on_list('gap') }}
inner join {{ ref('care_gap_rule') }} as rule
    on gap.gap_code = rule.gap_code
where gap.is_eligible and not gap.is_excluded and not gap.is_met
