{{ config(meta={'metric': {
    'id': 'DISCH_BY_17',
    'label': 'Discharged by 17:00',
    'unit': 'percent',
    'better': 'higher',
    'aggregate': 'ratio',
    'dataset': 'apc',
    'definition': 'Of inpatients who went home or on to other care after at least one night, the share '
        ~ 'who left by five in the afternoon.',
    'source': 'F 3.5 DISCH_BY_17',
    'choice': '17:00:00 is by 17:00, one second later is not, local clock. Spells without a time of '
        ~ 'discharge are left out. '
        ~ said_of('inpatient_discharge'),
}}) }}
-- One row per inpatient discharge with a time.
select
    discharge_date as event_date,
    organisation_code,
    site_code,
    is_covid,
    case when is_discharged_by_17 then 1 else 0 end as numerator,
    1 as denominator,
    {{ person_of_event() }}
from {{ ref('fct_hospital_spell') }}
where
    is_inpatient_discharge
    and is_discharged_by_17 is not null
