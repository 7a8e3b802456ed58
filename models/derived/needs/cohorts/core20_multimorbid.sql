{{ config(meta={'cohort': {
    'id': 'CORE20_MULTIMORBID',
    'version': 1,
    'label': 'Most deprived fifth, four or more conditions',
    'definition': 'People who live in the most deprived fifth of England and have four or more long-term conditions.',
    'owner': 'Health inequalities lead',
    'purpose': 'Core20PLUS5: one plan of care in place of one for every condition.',
    'source': 'F 3.11',
}}) }}
-- One row per person of Core20 with complex multimorbidity (F 4.1).
select person_id
from {{ ref('person_profile') }}
where is_current and is_core20 and ltc_count >= 4
