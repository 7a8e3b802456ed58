-- One row per request for a package of care at home and Sunday on which it waits: who waits, where, and for
-- how long so far (F 3.5).
with person as (

    {{ person_for_secondary_use('care_package_census') }}

),

request as (

    select
        requests.care_package_request_id,
        {{ pseudonym('secondary_use', 'requests.care_package_request_id') }} as care_package_request_key
    from (
        select care_package_request_id
        from {{ ref('care_package_census') }}
        group by care_package_request_id
    ) as requests

),

aged as (

    {{ with_age_and_sex('care_package_census', 'census_date') }}

)

select
    aged.census_date,
    request.care_package_request_key,
    person.person_key,
    aged.organisation_code,
    aged.location_code,
    aged.package_type_code,
    aged.requested_on as request_date,
    cast(aged.wait_days as integer) as wait_days,
    {{ person_columns('aged') }}
from aged
inner join request
    on aged.care_package_request_id = request.care_package_request_id
left join person
    on aged.person_id = person.person_id
