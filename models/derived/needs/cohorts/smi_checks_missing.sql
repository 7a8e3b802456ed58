{{ config(meta={'cohort': {
    'id': 'SMI_CHECKS_MISSING',
    'version': 1,
    'label': 'Severe mental illness, health checks missing',
    'definition': 'People with severe mental illness without all six physical health checks in 12 months, and no reason '
        ~ 'against asking for them.',
    'owner': 'Mental health lead',
    'purpose': 'Invite to the annual physical health check; people with severe mental illness die 15 to 20 years early.',
    'source': 'F 3.10 SMI_PHC',
}}) }}
-- One row per person with severe mental illness who lacks a check.
select person_id
from {{ ref('care_gap') }}
where gap_code = 'SMI_PHC' and is_eligible and not is_excluded and not is_met
