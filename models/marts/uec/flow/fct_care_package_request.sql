-- One row per request for a package of care at home, as last heard of.
with person as (

    {{ person_for_secondary_use('care_package_request') }}

),

aged as (

    select
        requests.*,
        known.sex_code,
        {{ age_years('known.birth_date', 'requests.requested_on') }} as age_years
    from {{ ref('care_package_request') }} as requests
    left join {{ ref('person') }} as known
        on requests.person_id = known.person_id

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
    {{ of_person('aged.age_years') }} as age_years,
    {{ age_band(of_person('aged.age_years')) }} as age_band,
    {{ of_person('aged.sex_code') }} as sex_code,
    coalesce(person.ethnic_group, 'unknown') as ethnic_group,
    person.imd_decile,
    person.imd_quintile,
    person.registered_sub_icb_code
from aged
left join person
    on aged.person_id = person.person_id
