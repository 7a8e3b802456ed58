{{ config(meta={'metric': {
    'id': 'DRD_ON_DAY',
    'label': 'Discharged on the day of being ready',
    'unit': 'percent',
    'better': 'higher',
    'aggregate': 'ratio',
    'dataset': 'apc',
    'definition': 'Of inpatients whose day of being ready to leave is known, the share who left on that '
        ~ 'day.',
    'source': 'F 3.5 DRD_DELAY_MEAN',
    'no_target': 'About 86 to 88 percent in England; no standard is set (F 3.5).',
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
    case when days_after_ready = 0 then 1 else 0 end as numerator,
    1 as denominator,
    {{ person_of_event() }}
from {{ ref('fct_hospital_spell') }}
where
    is_inpatient_discharge
    and days_after_ready is not null
