{{ config(meta={'metric': {
    'id': 'DRD_DELAY_MEAN',
    'label': 'Days from ready to leave to discharge, mean',
    'unit': 'days',
    'better': 'lower',
    'aggregate': 'mean',
    'dataset': 'apc',
    'headline': 'Leaving hospital',
    'definition': 'How many days, on average, patients stayed in hospital after the day on which they '
        ~ 'were ready to leave.',
    'source': 'F 3.5 DRD_DELAY_MEAN',
    'no_target': 'Watched as a trend; no standard is set (F 3.5).',
    'choice': 'Spells in which the day of being ready is missing or lies outside the stay are left out; '
        ~ 'a discharge on the day counts as 0 days. '
        ~ said_of('inpatient_discharge'),
}}) }}
-- One row per inpatient discharge with a known day of being ready.
select
    discharge_date as event_date,
    organisation_code,
    site_code,
    is_covid,
    days_after_ready as numerator,
    1 as denominator,
    {{ person_of_event() }}
from {{ ref('fct_hospital_spell') }}
where
    is_inpatient_discharge
    and days_after_ready is not null
