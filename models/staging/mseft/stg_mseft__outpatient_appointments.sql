-- Outpatient appointments at the three hospitals as they stand now: newest version of each, in standard
-- codes. The three systems number appointments and patients on their own, so the site is part of both.
{{ rows_follow_key('local_appointment_id', {'mseft.outpatient_appointments': 'appointment_id'}) }}
with records as (

    {{ current_patients('mseft', 'outpatient_appointments') }}

),

placed as (

    select
        records.*,
        {{ standard_code('mseft', 'outpatient_appointments', 'site_code') }} as standard_site_code
    from records

)

select
    'outpatient_appointments' as feed_table,
    standard_site_code || ':' || appointment_id as outpatient_appointment_id,
    appointment_id as local_appointment_id,
    standard_site_code as site_code,
    {{ patient_columns('mseft', 'outpatient_appointments') }},
    booked_on,
    appointment_date,
    {{ standard_code('mseft', 'outpatient_appointments', 'first_attendance_code') }} as first_attendance_code,
    {{ standard_code('mseft', 'outpatient_appointments', 'attendance_code') }} as attendance_code,
    {{ standard_code('mseft', 'outpatient_appointments', 'outcome_code') }} as outcome_code,
    {{ standard_code('mseft', 'outpatient_appointments', 'priority_code') }} as priority_code,
    referral_source_code,
    treatment_function_code,
    pathway_number,
    _batch_id as batch_id,
    _received_at as received_at
from placed
