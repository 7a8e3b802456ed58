-- One row per record of a person at a practice, open or closed, as it stands now: who it is about, where and
-- when registered. Entries, prescriptions and appointments name a record; it tells whose they are.
{{ rows_follow_key('local_patient_id', {'primary_care.gp_patients': 'local_patient_id'}) }}
with records as (

    {{ current_patients('primary_care', 'gp_patients') }}

)

select
    'gp_patients' as feed_table,
    upper(local_patient_id) as gp_patient_id,
    {{ patient_columns('primary_care', 'gp_patients') }},
    upper(lsoa_code) as lsoa_code,
    registered_on,
    case when ended_on >= registered_on then ended_on end as ended_on,
    {{ standard_code('primary_care', 'gp_patients', 'registration_type_code') }} as registration_type_code,
    {{ standard_code('primary_care', 'gp_patients', 'end_reason') }} as end_reason,
    died_on,
    _batch_id as batch_id,
    _received_at as received_at
from records
