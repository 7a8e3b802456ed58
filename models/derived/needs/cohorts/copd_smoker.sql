{{ config(meta={'cohort': {
    'id': 'COPD_SMOKER',
    'version': 1,
    'label': 'COPD and smoking',
    'definition': 'People on the COPD register whose latest smoking code says that they smoke.',
    'owner': 'Respiratory lead',
    'purpose': 'Offer help to stop smoking, which slows the disease more than any medicine.',
    'source': 'F 4.1',
}}) }}
-- One row per person with COPD who smokes.
select profile.person_id
from {{ ref('person_profile') }} as profile
inner join {{ ref('person_register') }} as register
    on
        profile.person_id = register.person_id
        and profile.index_date = register.index_date
where
    profile.is_current
    and profile.is_smoker
    and register.register_code = 'COPD'
