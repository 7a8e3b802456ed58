{{ config(meta={'cohort': {
    'id': 'HYPERTENSION_YOUNG_UNCONTROLLED',
    'version': 1,
    'label': 'Hypertension under 60, not at target',
    'definition': 'People under 60 with hypertension whose blood pressure is not at target or was not measured in 12 '
        ~ 'months, and no reason against asking for it.',
    'owner': 'Cardiovascular prevention lead',
    'purpose': 'Most years of life to gain: measure, and treat to target.',
    'source': 'F 3.10 BP_TREAT',
}}) }}
-- One row per person under 60 with blood pressure not at target.
select gap.person_id
from {{ ref('care_gap') }} as gap
inner join {{ ref('person_profile') }} as profile
    on
        gap.person_id = profile.person_id
        and profile.is_current
where
    gap.gap_code = 'BP_TREAT'
    and gap.is_eligible
    and not gap.is_excluded
    and not gap.is_met
    and profile.age_years < 60
