{{ config(meta={'metric': {
    'id': 'U111_CLIN',
    'label': 'NHS 111 calls with clinical input',
    'unit': 'percent',
    'better': 'higher',
    'aggregate': 'ratio',
    'dataset': 'iuc_adc',
    'headline': 'NHS 111',
    'definition': 'Of NHS 111 calls that were triaged, the share in which a clinician or clinical '
        ~ 'adviser spoke with the caller.',
    'source': 'F 3.6 U111_CLIN',
    'choice': said_of('triaged_call'),
}}) }}
-- One row per telephone call that was triaged.
select
    offered_date as event_date,
    organisation_code,
    cast(null as varchar) as site_code,
    cast(null as boolean) as is_covid,
    case when had_clinical_input then 1 else 0 end as numerator,
    1 as denominator,
    {{ person_of_event() }}
from {{ ref('fct_urgent_call') }}
where
    channel = 'phone'
    and is_triaged
