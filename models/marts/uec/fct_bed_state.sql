-- One row per hospital site and day: beds at 08:00, as the site reported them. Numbers of beds, not of
-- people.
select
    organisation_code,
    site_code,
    snapshot_date,
    cast(ga_beds_open as integer) as ga_beds_open,
    cast(ga_beds_occupied as integer) as ga_beds_occupied,
    cast(ga_covid_occupied as integer) as ga_covid_occupied,
    cast(ga_covid_void_beds as integer) as ga_covid_void_beds,
    cast(ga_infection_closed_beds as integer) as ga_infection_closed_beds,
    cast(ga_beds_available as integer) as ga_beds_available,
    cast(ga_beds_unoccupied as integer) as ga_beds_unoccupied,
    cast(adult_ga_beds_open as integer) as adult_ga_beds_open,
    cast(adult_ga_beds_occupied as integer) as adult_ga_beds_occupied,
    cast(critical_care_beds_open as integer) as critical_care_beds_open,
    cast(critical_care_beds_occupied as integer) as critical_care_beds_occupied,
    cast(los_7_plus as integer) as los_7_plus,
    cast(los_14_plus as integer) as los_14_plus,
    cast(los_21_plus as integer) as los_21_plus,
    cast(opel_level as integer) as opel_level
from {{ ref('bed_state') }}
