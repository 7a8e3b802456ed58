-- One row per hospital site and day for which the trust sent a list of patients with no criteria to reside:
-- how many there are, beside the occupied beds of that morning (F 2.7.3). A list names patients only, so a
-- site without any is 0 where another site of the trust is on the day's list, and unknown where nobody is.
with listed as (

    select
        organisation_code,
        site_code,
        census_date,
        count(*) as nctr_patients
    from {{ ref('discharge_list_entry') }}
    group by organisation_code, site_code, census_date

),

place as (

    select
        organisation_code,
        site_code,
        census_date
    from listed
    union
    select
        bed_state.organisation_code,
        bed_state.site_code,
        bed_state.snapshot_date as census_date
    from {{ ref('bed_state') }} as bed_state
    inner join listed
        on
            bed_state.organisation_code = listed.organisation_code
            and bed_state.snapshot_date = listed.census_date

)

select
    place.organisation_code,
    place.site_code,
    place.census_date,
    cast(coalesce(listed.nctr_patients, 0) as integer) as nctr_patients,
    cast(bed_state.adult_ga_beds_occupied as integer) as adult_ga_beds_occupied
from place
left join listed
    on
        place.organisation_code = listed.organisation_code
        and place.site_code = listed.site_code
        and place.census_date = listed.census_date
left join {{ ref('bed_state') }} as bed_state
    on
        place.site_code = bed_state.site_code
        and place.census_date = bed_state.snapshot_date
