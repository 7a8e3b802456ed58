{{ config(meta={'metric': {
    'id': 'ED_LWBS',
    'label': 'Left before treatment',
    'unit': 'percent',
    'better': 'lower',
    'aggregate': 'ratio',
    'dataset': 'ecds',
    'definition': 'Of all attendances at emergency departments, the share in which the patient left '
        ~ 'before being treated.',
    'source': 'F 3.4 ED_LWBS',
    'choice': 'By the recorded discharge status: left before initial assessment, after it, or before '
        ~ 'treatment was completed. '
        ~ said_of('ed'),
}}) }}
-- One row per counted attendance.
select
    arrival_date as event_date,
    organisation_code,
    site_code,
    is_covid,
    case when left_before_treatment then 1 else 0 end as numerator,
    1 as denominator,
    {{ person_of_event() }}
from {{ ref('fct_ed_attendance') }}
where is_counted
