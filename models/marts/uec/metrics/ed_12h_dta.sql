{{ config(meta={'metric': {
    'id': 'ED_12H_DTA',
    'label': '12 hours or more from decision to admit',
    'unit': 'attendances',
    'better': 'lower',
    'aggregate': 'sum',
    'dataset': 'ecds',
    'definition': 'How many patients waited twelve hours or more in the emergency department after the '
        ~ 'decision to admit them.',
    'source': 'F 3.4 ED_12H_DTA',
    'choice': 'From the recorded decision to admit to leaving the department; exactly 12:00 counts. All '
        ~ 'department types. Denominator: admitted patients with both times in the right order. '
        ~ said_of('ed_stay'),
}}) }}
-- One row per counted attendance of a patient who was admitted, with a decision to admit.
select
    arrival_date as event_date,
    organisation_code,
    site_code,
    is_covid,
    case when decision_to_departure_minutes >= 720 then 1 else 0 end as numerator,
    1 as denominator,
    {{ person_of_event() }}
from {{ ref('fct_ed_attendance') }}
where
    is_counted_stay
    and is_admitted
    and decision_to_departure_minutes is not null
