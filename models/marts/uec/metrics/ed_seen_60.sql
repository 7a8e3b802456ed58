{{ config(meta={'metric': {
    'id': 'ED_SEEN_60',
    'label': 'Seen for treatment within 60 minutes',
    'unit': 'percent',
    'better': 'higher',
    'aggregate': 'ratio',
    'dataset': 'ecds',
    'definition': 'Of patients whom a decision-making clinician saw in the emergency department, the '
        ~ 'share seen within 60 minutes of arrival.',
    'source': 'F 3.4 ED_SEEN_60',
    'choice': 'Whole minutes, rounded down. Attendances without a time of being seen, or with one before '
        ~ 'arrival, are left out, and so are patients who left before treatment was complete. '
        ~ said_of('ed'),
}}) }}
-- One row per counted attendance with a valid time of being seen.
select
    arrival_date as event_date,
    organisation_code,
    site_code,
    is_covid,
    case when seen_minutes <= 60 then 1 else 0 end as numerator,
    1 as denominator,
    {{ person_of_event() }}
from {{ ref('fct_ed_attendance') }}
where
    is_counted
    and not left_before_treatment
    and seen_minutes is not null
