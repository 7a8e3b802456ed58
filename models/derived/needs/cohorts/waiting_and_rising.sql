{{ config(meta={'cohort': {
    'id': 'WAITING_AND_RISING',
    'version': 2,
    'label': 'Waiting for treatment, use of services rising',
    'definition': 'People with an open referral to treatment whose use of GP, emergency department, 111 or ambulance, or '
        ~ 'of the last three together, in the last 90 days is rising against their own 12 months before.',
    'owner': 'Elective recovery lead',
    'purpose': 'Look again at the priority of the wait, and at what helps until then.',
    'source': 'F 3.7 WAIT_USE',
}}) }}
-- One row per person who waits and comes more often.
select person_id
from {{ ref('waiting_patient_use') }}
where is_rising
