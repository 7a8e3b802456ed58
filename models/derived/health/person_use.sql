-- One row per registered person and index date: use of services and cost in the 12 months before.
-- Skeleton: no rows yet.
select
    cast(null as {{ dbt.type_string() }}) as person_id,
    cast(null as date) as index_date,
    cast(null as integer) as ed_attendance_count,
    cast(null as integer) as ambulance_count,
    cast(null as integer) as call_111_count,
    cast(null as integer) as emergency_admission_count,
    cast(null as integer) as elective_admission_count,
    cast(null as integer) as bed_days,
    cast(null as integer) as outpatient_count,
    cast(null as integer) as outpatient_dna_count,
    cast(null as integer) as gp_appointment_count,
    cast(null as integer) as community_contact_count,
    cast(null as integer) as mental_health_contact_count,
    cast(null as boolean) as has_social_care,
    cast(null as double) as cost_pounds
where false
