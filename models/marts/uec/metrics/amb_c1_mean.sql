{{ config(meta={'metric': {
    'id': 'AMB_C1_MEAN',
    'label': 'Ambulance response, Category 1, mean',
    'unit': 'seconds',
    'better': 'lower',
    'aggregate': 'mean',
    'dataset': 'ambsys',
    'headline': 'Ambulance',
    'definition': 'How long, on average, people with a life-threatening illness or injury wait for the '
        ~ 'first ambulance crew or responder.',
    'source': 'F 3.2 AMB_C1_MEAN',
    'choice': 'C1T counts as C1. '
        ~ said_of('response'),
}}) }}
-- One row per counted Category 1 incident that got a response in person.
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
    and response_category = 'C1'
    and response_seconds is not null
