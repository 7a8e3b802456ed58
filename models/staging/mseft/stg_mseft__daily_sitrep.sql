-- One row per hospital site and flow day: the daily situation report as the trust submitted it, newest
-- return. Amendments replace what was sent before.
with records as (

    {{ current_records('mseft', 'daily_sitrep') }}

)

select
    flow_date,
    {{ standard_code('mseft', 'daily_sitrep', 'site_code') }} as site_code,
    ed_type_1_attendances,
    ed_type_1_over_4h,
    dta_waits_4_to_12h,
    dta_waits_12h,
    ambulance_arrivals,
    handovers_15_to_30,
    handovers_30_to_60,
    handovers_over_60,
    nctr_patients,
    discharges,
    discharges_by_1700,
    discharges_after_1700,
    not_discharged,
    _batch_id as batch_id,
    _received_at as received_at
from records
