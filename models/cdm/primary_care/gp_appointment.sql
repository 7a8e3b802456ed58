-- One row per appointment of a patient at a practice. A practice that changes its system sends old
-- appointments once more under new numbers: of those of one record that begin at one time, the one that
-- came last counts.
{{ rows_follow_key('gp_patient_id', {
    'stg_primary_care__gp_appointments': 'gp_patient_id',
    'person_identity': 'record_id',
}) }}
with numbered as (

    select
        appointments.*,
        row_number() over (
            partition by gp_patient_id, starts_at_local
            order by received_at desc, appointment_id desc
        ) as place
    from {{ ref('stg_primary_care__gp_appointments') }} as appointments

)

select
    cast(numbered.appointment_id as {{ dbt.type_string() }}) as gp_appointment_id,
    numbered.gp_patient_id,
    person_identity.person_id,
    numbered.gp_practice_code,
    numbered.booked_at_local,
    numbered.starts_at_local,
    numbered.status_group,
    numbered.mode_code,
    numbered.staff_group,
    numbered.slot_category,
    numbered.planned_minutes,
    numbered.actual_minutes,
    numbered.feed_table
from numbered
inner join {{ ref('person_identity') }} as person_identity
    on
        numbered.gp_patient_id = person_identity.record_id
        and person_identity.feed_table = 'gp_patients'
where numbered.place = 1
