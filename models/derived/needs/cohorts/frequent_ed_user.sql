{{ config(meta={'cohort': {
    'id': 'FREQUENT_ED_USER',
    'version': 1,
    'label': 'Frequent users of emergency departments',
    'definition': 'Registered people with five or more emergency department attendances in 12 months.',
    'owner': 'High intensity use lead',
    'purpose': 'Find what is behind the attendances, with the person and the practice.',
    'source': 'F 3.8 FREQ_ATT',
}}) }}
-- One row per frequent user.
select person_id
from {{ ref('frequent_user') }}
