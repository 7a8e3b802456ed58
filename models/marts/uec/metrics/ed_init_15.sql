{{ config(meta={'metric': {
    'id': 'ED_INIT_15',
    'label': 'First assessment within 15 minutes',
    'unit': 'percent',
    'better': 'higher',
    'aggregate': 'ratio',
    'dataset': 'ecds',
    'definition': 'Of patients whose first clinical assessment in the emergency department was recorded, '
        ~ 'the share assessed within 15 minutes of arrival.',
    'source': 'F 3.4 ED_INIT_15',
    'choice': 'All arrivals, not only those by ambulance. Attendances without a valid time of assessment '
        ~ 'are left out; a time up to 10 minutes before arrival counts as 0. '
        ~ said_of('ed'),
}}) }}
-- One row per counted attendance with a valid time of first assessment.
select
    arrival_date as event_date,
    organisation_code,
    site_code,
    is_covid,
    case when initial_assessment_minutes <= 15 then 1 else 0 end as numerator,
    1 as denominator,
    {{ person_of_event() }}
from {{ ref('fct_ed_attendance') }}
where
    is_counted
    and initial_assessment_minutes is not null
