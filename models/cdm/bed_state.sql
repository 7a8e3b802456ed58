-- One row per hospital site and day: the 08:00 snapshot of beds, with the beds that could be used worked
-- out (F 3.5).
with sites as (

    select
        staged.*,
        site.organisation_code,
        staged.ga_core_beds_open + coalesce(staged.ga_escalation_beds_open, 0) as ga_beds_open
    from {{ ref('stg_mseft__bed_state') }} as staged
    inner join {{ ref('site') }} as site
        on staged.site_code = site.site_code

),

usable as (

    select
        sites.*,
        ga_beds_open - coalesce(ga_covid_void_beds, 0) - coalesce(ga_infection_closed_beds, 0)
            as ga_beds_available
    from sites

)

select
    organisation_code,
    site_code,
    snapshot_date,
    ga_beds_open,
    ga_beds_occupied,
    ga_covid_occupied,
    ga_covid_void_beds,
    ga_infection_closed_beds,
    ga_beds_available,
    ga_beds_available - ga_beds_occupied as ga_beds_unoccupied,
    adult_ga_beds_open,
    adult_ga_beds_occupied,
    critical_care_beds_open,
    critical_care_beds_occupied,
    los_7_plus,
    los_14_plus,
    los_21_plus,
    opel_level
from usable
