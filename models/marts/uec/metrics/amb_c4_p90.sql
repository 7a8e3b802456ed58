{{ config(meta={'metric': {
    'id': 'AMB_C4_P90',
    'label': 'Ambulance response, Category 4, 90th centile',
    'unit': 'seconds',
    'better': 'lower',
    'aggregate': 'p90',
    'dataset': 'ambsys',
    'definition': 'Nine in ten people with a less urgent problem have the ambulance with them within '
        ~ 'this time.',
    'source': 'F 3.2 AMB_C4_P90',
    'choice': 'The clock stops when the vehicle arrives that takes the patient or, where nobody is '
        ~ 'taken, the first responder. '
        ~ said_of('response'),
}}) }}
-- One row per counted Category 4 incident that got a response in person.
select
    call_date as event_date,
    organisation_code,
    cast(null as varchar) as site_code,
    is_covid,
    response_seconds as numerator,
    1 as denominator,
    {{ person_of_event() }}
from {{ ref('fct_ambulance_incident') }}
where
    is_counted
    and response_category = 'C4'
    and response_seconds is not null
