{{ config(meta={'metric': {
    'id': 'HAND_DQ',
    'label': 'Ambulance arrivals with a handover time',
    'unit': 'percent',
    'better': 'higher',
    'aggregate': 'ratio',
    'dataset': 'ambsys',
    'definition': 'Of the patients brought by ambulance, the share whose handover has a time that can be '
        ~ 'used. The other handover measures rest on these.',
    'source': 'F 3.3 HAND_DQ',
    'no_target': 'A measure of the data, not of care; no standard is set (F 3.3).',
    'choice': 'All counted incidents that end in an emergency department of a trust in the area. A '
        ~ 'handover time is valid where both times are there and the handover is not before the arrival. '
        ~ 'Date of arrival at the hospital or, where that is missing, of the call. Counted for the trust '
        ~ 'and site that received the patient. '
        ~ 'COVID-19: as the ED attendance that the incident is linked to; an incident that is linked to '
        ~ 'none counts as without.',
}}) }}
-- One row per ambulance arrival at an emergency department.
select
    coalesce(hospital_arrival_date, call_date) as event_date,
    receiving_organisation_code as organisation_code,
    receiving_site_code as site_code,
    is_covid,
    case when has_handover_time then 1 else 0 end as numerator,
    1 as denominator,
    {{ person_of_event() }}
from {{ ref('fct_ambulance_incident') }}
where is_ed_arrival
