{{ config(meta={'metric': {
    'id': 'AMB_C2_P90',
    'label': 'Ambulance response, Category 2, 90th centile',
    'unit': 'seconds',
    'better': 'lower',
    'aggregate': 'p90',
    'dataset': 'ambsys',
    'definition': 'Nine in ten people with an emergency such as a stroke or a heart attack have the '
        ~ 'ambulance with them within this time.',
    'source': 'F 3.2 AMB_C2_P90',
    'choice': 'Date of the call connecting. No response time where a clock time is missing or the stop '
        ~ 'is before the start: such incidents are left out. Health-care professional and '
        ~ 'inter-facility calls have categories of their own and are never in C1 to C4. COVID-19: '
        ~ 'an incident counts as with COVID-19 where the ED attendance that it led to does; an '
        ~ 'incident that is not linked to one counts as without.',
}}) }}
-- One row per counted Category 2 incident that got a response in person.
select
    call_date as event_date,
    organisation_code,
    cast(null as varchar) as site_code,
    is_covid,
    response_seconds as numerator,
    1 as denominator
from {{ ref('fct_ambulance_incident') }}
where
    is_counted
    and response_category = 'C2'
    and response_seconds is not null
