{{ config(meta={'metric': {
    'id': 'ED_CONV_ADM',
    'label': 'ED attendances that end in admission',
    'unit': 'percent',
    'better': 'neither',
    'aggregate': 'ratio',
    'dataset': 'ecds',
    'definition': 'Of attendances at major (Type 1) emergency departments, the share after which the '
        ~ 'patient was admitted.',
    'source': 'F 3.4 ED_CONV_ADM',
    'no_target': 'About 29 to 31 percent in England in 2018/19; neither more nor less is better in '
        ~ 'itself (F 3.4).',
    'choice': 'Admitted is a destination that counts as admission: a ward, a transfer to another '
        ~ 'hospital, the short-stay ward or same day emergency care (F 2.1.5). One without a recorded '
        ~ 'destination counts as not admitted. '
        ~ said_of('ed'),
}}) }}
-- One row per counted attendance at a Type 1 department.
select
    arrival_date as event_date,
    organisation_code,
    site_code,
    is_covid,
    case when is_admitted then 1 else 0 end as numerator,
    1 as denominator,
    {{ person_of_event() }}
from {{ ref('fct_ed_attendance') }}
where
    is_counted
    and department_type_code = '01'
