{{ config(meta={'metric': {
    'id': 'ED_REATT_7D',
    'label': 'Back in the emergency department within 7 days',
    'unit': 'percent',
    'better': 'lower',
    'aggregate': 'ratio',
    'dataset': 'ecds',
    'definition': 'Of all attendances at emergency departments, the share of patients who had been there '
        ~ 'in the week before.',
    'source': 'F 3.4 ED_REATT_7D',
    'choice': 'The patient has an earlier counted attendance at any site of the same trust that began '
        ~ 'more than 0 and at most 7 x 24 hours before, from arrival to arrival; a second record with '
        ~ 'the same time of arrival is a copy and no return. Every counted attendance is in the '
        ~ 'denominator; one of a patient who could not be identified (person matched neither by NHS '
        ~ 'number nor in another way) cannot be a return. Counted for the site and day of the return. '
        ~ said_of('ed'),
}}) }}
-- One row per counted attendance.
select
    arrival_date as event_date,
    organisation_code,
    site_code,
    is_covid,
    case when is_reattendance_within_7_days then 1 else 0 end as numerator,
    1 as denominator,
    {{ person_of_event() }}
from {{ ref('fct_ed_attendance') }}
where is_counted
