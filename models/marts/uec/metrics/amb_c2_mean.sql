{{ config(meta={'metric': {
    'id': 'AMB_C2_MEAN',
    'label': 'Ambulance response, Category 2, mean',
    'unit': 'seconds',
    'better': 'lower',
    'aggregate': 'mean',
    'dataset': 'ambsys',
    'headline': 'Ambulance',
    'definition': 'How long, on average, people with an emergency such as a stroke or a heart attack '
        ~ 'wait for the ambulance: the one that takes them to hospital or, where nobody is taken, the '
        ~ 'first responder.',
    'source': 'F 3.2 AMB_C2_MEAN',
    'choice': 'The clock stops when the vehicle arrives that takes the patient or, where nobody is '
        ~ 'taken, the first responder. '
        ~ said_of('response'),
}}) }}
-- One row per counted Category 2 incident that got a response in person.
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
    and response_category = 'C2'
    and response_seconds is not null
