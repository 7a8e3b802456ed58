{{ config(meta={'metric': {
    'id': 'ED_MEAN_ADM',
    'label': 'Time in ED, admitted, mean',
    'unit': 'minutes',
    'better': 'lower',
    'aggregate': 'mean',
    'dataset': 'ecds',
    'headline': 'Emergency department',
    'definition': 'How long, on average, patients who were then admitted to hospital spent in the '
        ~ 'emergency department.',
    'source': 'F 3.4 ED_MEAN_ADM',
    'no_target': 'Watched as a trend; no standard is set (F 3.4).',
    'choice': 'All department types. Attendances without a valid departure time are left out. '
        ~ said_of('ed_stay'),
}}) }}
-- One row per counted attendance of a patient who was admitted, with a departure time.
select
    arrival_date as event_date,
    organisation_code,
    site_code,
    is_covid,
    duration_minutes as numerator,
    1 as denominator,
    {{ person_of_event() }}
from {{ ref('fct_ed_attendance') }}
where
    is_counted_stay
    and is_admitted
    and duration_minutes is not null
