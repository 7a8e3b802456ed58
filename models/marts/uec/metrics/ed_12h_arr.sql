{{ config(meta={'metric': {
    'id': 'ED_12H_ARR',
    'label': 'ED stays over 12 hours from arrival',
    'unit': 'percent',
    'better': 'lower',
    'aggregate': 'ratio',
    'dataset': 'ecds',
    'headline': 'Emergency department',
    'definition': 'Of attendances at major emergency departments, the share in which the patient left '
        ~ 'more than twelve hours after arrival.',
    'source': 'F 3.4 ED_12H_ARR',
    'choice': 'Types 1 and 2 together. Exactly 12:00 is not over. Every attendance is in the '
        ~ 'denominator, as F says: one without a departure time (still in the department, or not '
        ~ 'recorded) counts as not over. '
        ~ said_of('ed_stay'),
}}) }}
-- One row per counted attendance at a Type 1 or Type 2 department.
select
    arrival_date as event_date,
    organisation_code,
    site_code,
    is_covid,
    case when duration_minutes > 720 then 1 else 0 end as numerator,
    1 as denominator,
    {{ person_of_event() }}
from {{ ref('fct_ed_attendance') }}
where
    is_counted_stay
    and department_type_code in ('01', '02')
