{{ config(meta={'metric': {
    'id': 'ED_4H_T1',
    'label': 'ED stays over 4 hours, Type 1',
    'unit': 'percent',
    'better': 'lower',
    'aggregate': 'ratio',
    'dataset': 'ecds',
    'definition': 'Of attendances at major (Type 1) emergency departments, the share in which the '
        ~ 'patient left more than four hours after arrival.',
    'source': 'F 3.4 ED_4H_T1',
    'choice': 'Exactly 4:00 is not over. Every attendance is in the denominator, as F says: one without '
        ~ 'a departure time (still in the department, or not recorded) counts as not over. Like '
        ~ 'ED_4H_PCT_OVER this is the share OVER 4 hours, so that the two can be set side by side. '
        ~ said_of('ed_stay'),
}}) }}
-- One row per counted attendance at a Type 1 department.
select
    arrival_date as event_date,
    organisation_code,
    site_code,
    is_covid,
    case when duration_minutes > 240 then 1 else 0 end as numerator,
    1 as denominator,
    {{ person_of_event() }}
from {{ ref('fct_ed_attendance') }}
where
    is_counted_stay
    and department_type_code = '01'
