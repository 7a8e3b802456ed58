-- One row per person on the newest GP list: who is registered where. Persons who left the list are gone
-- from here.
with records as (

    {{ current_patients('primary_care', 'registrations') }}

)

select
    'registrations' as feed_table,
    nhs_number as registration_id,
    {{ patient_columns('primary_care', 'registrations') }},
    upper(lsoa_code) as lsoa_code,
    registered_on,
    {{ standard_code('primary_care', 'registrations', 'registration_type_code') }} as registration_type_code,
    _batch_id as batch_id,
    _received_at as received_at
from records
