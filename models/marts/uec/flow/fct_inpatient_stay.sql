-- One row per inpatient stay in a community or mental-health bed.
with person as (

    {{ person_for_secondary_use('inpatient_stay') }}

)

select
    {{ pseudonym('secondary_use', 'stay.inpatient_stay_id') }} as inpatient_stay_key,
    person.person_key,
    stay.organisation_code,
    stay.site_code,
    stay.ward_code,
    stay.bed_setting,
    stay.bed_type_code,
    stay.admitted_on as admission_date,
    stay.admission_source_code,
    stay.referring_site_code,
    stay.ready_on as discharge_ready_date,
    stay.discharged_on as discharge_date,
    stay.discharge_destination_code,
    stay.pathway_code,
    stay.delay_reason_code,
    stay.local_authority_code,
    {{ person_columns('stay') }},
    cast(stay.length_of_stay_days as integer) as length_of_stay_days,
    cast({{ not_negative(days_between('stay.ready_on', 'stay.discharged_on')) }} as integer)
        as days_after_ready,
    stay.is_open,
    stay.known_until_date
from {{ ref('inpatient_stay') }} as stay
left join person
    on stay.person_id = person.person_id
