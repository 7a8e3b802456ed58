-- One row per hospital site and day: beds at 08:00, as the site reported them. Numbers of beds, not of people.
select
    organisation_code,
    site_code,
    snapshot_date,
    {% for count in [
        'ga_beds_open', 'ga_beds_occupied', 'ga_covid_occupied', 'ga_covid_void_beds', 'ga_infection_closed_beds',
        'ga_beds_available', 'ga_beds_unoccupied', 'adult_ga_beds_open', 'adult_ga_beds_occupied',
        'critical_care_beds_open', 'critical_care_beds_occupied', 'los_7_plus', 'los_14_plus', 'los_21_plus', 'opel_level',
    ] -%}
        cast({{ count }} as integer) as {{ count }}{{ ',' if not loop.last }}
    {% endfor %}
from {{ ref('bed_state') }}
