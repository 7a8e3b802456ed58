{{ config(meta={'metric': {
    'id': 'NEL_LOS',
    'label': 'Length of stay after emergency admission, mean',
    'unit': 'days',
    'better': 'lower',
    'aggregate': 'mean',
    'dataset': 'apc',
    'definition': 'How many nights, on average, patients stayed in hospital after an emergency '
        ~ 'admission.',
    'source': 'F 3.5 NEL_LOS',
    'no_target': 'Watched as a trend; no standard is set (F 3.5).',
    'choice': 'Spells with an emergency admission method that ended, of patients who left alive or died; '
        ~ 'a stay of 0 nights counts. Nights are discharge date less admission date; spells in which '
        ~ 'that is below 0 or over 1,000 are left out. Date of discharge; counted for the site of the '
        ~ 'spell. COVID-19: U07.1 in any position of the spell.',
}}) }}
-- One row per emergency spell that ended.
select
    discharge_date as event_date,
    organisation_code,
    site_code,
    is_covid,
    length_of_stay_days as numerator,
    1 as denominator,
    {{ person_of_event() }}
from {{ ref('fct_hospital_spell') }}
where
    admission_group = 'emergency'
    and discharge_date is not null
    and length_of_stay_days is not null
