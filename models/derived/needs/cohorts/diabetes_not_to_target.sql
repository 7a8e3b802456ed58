{{ config(meta={'cohort': {
    'id': 'DIABETES_NOT_TO_TARGET',
    'version': 1,
    'label': 'Diabetes, not at the three targets',
    'definition': 'People with diabetes who miss at least one of the three treatment targets (HbA1c, blood pressure, '
        ~ 'cholesterol or statin), and no reason against asking for them.',
    'owner': 'Diabetes lead',
    'purpose': 'Review of treatment in the practice.',
    'source': 'F 3.10 DM_3TT',
}}) }}
-- One row per person with diabetes and a target missed.
select person_id
from {{ ref('care_gap') }}
where gap_code = 'DM_3TT' and is_eligible and not is_excluded and not is_met
