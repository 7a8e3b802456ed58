{{ config(meta={'metric': {
    'id': 'HAND_LOST_H',
    'label': 'Ambulance hours lost in handover',
    'unit': 'hours',
    'better': 'lower',
    'aggregate': 'sum',
    'dataset': 'ambsys',
    'headline': 'Ambulance',
    'definition': 'Hours that ambulances spent waiting at hospital beyond the first 15 minutes of each '
        ~ 'handover, added up.',
    'source': 'F 3.3 HAND_LOST_H',
    'no_target': 'The trend is watched; no standard is set (F 3.3).',
    'choice': 'A handover of 15 minutes or less loses nothing; the minutes after the 15th are added up '
        ~ 'and divided by 60. Denominator: handovers with a valid time. '
        ~ said_of('handover'),
}}) }}
-- One row per ambulance arrival at an emergency department with a valid handover time.
select
    hospital_arrival_date as event_date,
    receiving_organisation_code as organisation_code,
    receiving_site_code as site_code,
    is_covid,
    greatest(0, handover_minutes - 15) / 60.0 as numerator,
    1 as denominator,
    {{ person_of_event() }}
from {{ ref('fct_ambulance_incident') }}
where has_handover_time
