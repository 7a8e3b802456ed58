-- One row per hospital site and day: the 08:00 bed snapshot, newest return. Amendments replace what was
-- sent before.
with records as (

    {{ current_records('mseft', 'bed_state') }}

)

select
    snapshot_date,
    {{ standard_code('mseft', 'bed_state', 'site_code') }} as site_code,
    ga_core_beds_open,
    ga_escalation_beds_open,
    ga_beds_occupied,
    ga_covid_occupied,
    ga_covid_void_beds,
    ga_infection_closed_beds,
    adult_ga_beds_open,
    adult_ga_beds_occupied,
    critical_care_beds_open,
    critical_care_beds_occupied,
    los_7_plus,
    los_14_plus,
    los_21_plus,
    opel_level,
    _batch_id as batch_id,
    _received_at as received_at
from records
