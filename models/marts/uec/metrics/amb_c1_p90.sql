{{ config(meta={'metric': {
    'id': 'AMB_C1_P90',
    'label': 'Ambulance response, Category 1, 90th centile',
    'unit': 'seconds',
    'better': 'lower',
    'aggregate': 'p90',
    'dataset': 'ambsys',
    'definition': 'Nine in ten people with a life-threatening illness or injury have the first ambulance '
        ~ 'crew or responder with them within this time.',
    'source': 'F 3.2 AMB_C1_P90',
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
