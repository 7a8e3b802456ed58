-- One row per emergency-department attendance. COVID-19 counts where the attendance or the spell that
-- followed it records it.
with person as (

    {{ person_for_secondary_use('ed_attendance') }}

),

covid_attendance as (

    {{ covid_attendances() }}

)

select
    {{ pseudonym('secondary_use', 'attendance.ed_attendance_id') }} as ed_attendance_key,
    person.person_key,
    attendance.organisation_code,
    attendance.site_code,
    attendance.department_type_code,
    cast(attendance.arrived_at_local as date) as arrival_date,
    cast(extract(hour from attendance.arrived_at_local) as integer) as arrival_hour,
    attendance.arrival_mode_group,
    attendance.attendance_category_code,
    attendance.is_counted,
    {{ person_columns('attendance') }},
    attendance.acuity_level,
    {{ without_sensitive('snomed', 'attendance.chief_complaint_code', ['restrict']) }}
        as chief_complaint_code,
    {{ without_sensitive('snomed', 'attendance.diagnosis_code', ['restrict']) }} as diagnosis_code,
    cast(attendance.initial_assessment_minutes as integer) as initial_assessment_minutes,
    cast(attendance.seen_minutes as integer) as seen_minutes,
    cast(attendance.decision_to_departure_minutes as integer) as decision_to_departure_minutes,
    cast(attendance.duration_minutes as integer) as duration_minutes,
    coalesce(attendance.is_over_72h, false) as is_over_72h,
    attendance.is_counted and not coalesce(attendance.is_over_72h, false) as is_counted_stay,
    attendance.discharge_status_code,
    attendance.discharge_group,
    attendance.is_admitted,
    attendance.is_non_admitted,
    attendance.left_before_treatment,
    attendance.is_reattendance_within_7_days,
    covid_attendance.ed_attendance_id is not null as is_covid
from {{ ref('ed_attendance') }} as attendance
left join person
    on attendance.person_id = person.person_id
left join covid_attendance
    on attendance.ed_attendance_id = covid_attendance.ed_attendance_id
