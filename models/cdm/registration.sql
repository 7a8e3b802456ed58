-- One row per person on the newest GP list: the practice and area where the hub counts the person as a
-- resident patient.
with listed as (

    select
        person_identity.person_id,
        registrations.gp_practice_code,
        registrations.lsoa_code,
        registrations.registered_on,
        registrations.registration_type_code,
        registrations.received_at as snapshot_received_at,
        row_number() over (
            partition by person_identity.person_id
            order by
                case when registrations.registration_type_code = 'R' then 0 else 1 end,
                coalesce(registrations.registered_on, date '1900-01-01') desc,
                registrations.gp_practice_code
        ) as preference
    from {{ ref('stg_primary_care__registrations') }} as registrations
    inner join {{ ref('person_identity') }} as person_identity
        on
            registrations.feed_table = person_identity.feed_table
            and registrations.registration_id = person_identity.record_id

)

select
    person_id,
    gp_practice_code,
    lsoa_code,
    registered_on,
    registration_type_code,
    snapshot_received_at
from listed
where preference = 1
