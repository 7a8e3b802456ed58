-- One row per outpatient appointment at the acute trust (F 2.3), kept or not, and those that lie ahead.
{{ rows_follow_key('outpatient_appointment_id', {
    'stg_mseft__outpatient_appointments': 'outpatient_appointment_id',
    'person_identity': 'record_id',
}) }}
select
    appointment.outpatient_appointment_id,
    person_identity.person_id,
    'RAJ' as organisation_code,
    appointment.site_code,
    appointment.booked_on,
    appointment.appointment_date,
    appointment.first_attendance_code in ('1', '3') as is_first,
    appointment.first_attendance_code in ('3', '4') as is_remote,
    appointment.attendance_code,
    appointment.attendance_code in ('5', '6') as is_attended,
    appointment.attendance_code in ('3', '7') as is_dna,
    appointment.outcome_code,
    appointment.priority_code,
    appointment.referral_source_code,
    {{ without_sensitive('treatment_function', 'treatment_function.code') }} as treatment_function_code,
    {{ age_years('appointment.birth_date', 'appointment.appointment_date') }} as age_years,
    appointment.sex_code,
    appointment.feed_table
from {{ ref('stg_mseft__outpatient_appointments') }} as appointment
{{ left_join_person('appointment', 'outpatient_appointment_id') }}
{{ left_join_code('treatment_function', 'appointment.treatment_function_code', 'treatment_function') }}
