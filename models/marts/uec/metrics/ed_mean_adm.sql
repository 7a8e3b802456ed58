{{ config(meta={'metric': {
    'id': 'ED_MEAN_ADM',
    'label': 'Time in ED, admitted, mean',
    'unit': 'minutes',
    'better': 'lower',
    'aggregate': 'mean',
    'dataset': 'ecds',
    'definition': 'How long, on average, patients who were then admitted to hospital spent in the emergency '
        ~ 'department.',
    'source': 'F 3.4 ED_MEAN_ADM',
    'no_target': 'Watched as a trend; no standard is set (F 3.4).',
    'choice': 'Date of arrival, not of departure. All department types. Attendances without a valid '
        ~ 'departure time are left out. Planned follow-ups, patients brought in dead and patients '
        ~ 'streamed away to an urgent treatment centre or another emergency department are not '
        ~ 'counted. A stay of more than 72 hours is taken for a recording error and left out. '
        ~ 'COVID-19: recorded at the attendance or in the hospital spell that followed.',
}}) }}
-- One row per counted attendance of a patient who was admitted, with a departure time.
select
    arrival_date as event_date,
    organisation_code,
    site_code,
    is_covid,
    duration_minutes as numerator,
    1 as denominator
from {{ ref('fct_ed_attendance') }}
where
    is_counted
    and not is_over_72h
    and is_admitted
    and duration_minutes is not null
