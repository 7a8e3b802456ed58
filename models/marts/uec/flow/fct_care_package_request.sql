-- One row per request for a package of care at home, as last heard of.
with person as (

    {{ person_for_secondary_use('care_package_request') }}

),

aged as (

    {{ with_age_and_sex('care_package_request', 'requested_on') }}

)

select
    {{ pseudonym('secondary_use', 'aged.care_package_request_id') }} as care_package_request_key,
    person.person_key,
    aged.organisation_code,
    aged.requested_on as request_date,
    aged.closed_on as closed_date,
    aged.status_code,
    aged.location_code,
    aged.package_type_code,
    cast(aged.hours_per_week as double) as hours_per_week,
    cast(aged.wait_days as integer) as wait_days,
    {{ person_columns('aged') }}
from aged
left join person
    on aged.person_id = person.person_id
