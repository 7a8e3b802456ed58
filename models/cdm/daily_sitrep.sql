-- One row per acute site and flow day: the urgent and emergency care daily situation report as the trust
-- submitted it (F 2.7).
select
    site.organisation_code,
    staged.site_code,
    staged.flow_date,
    staged.ed_type_1_attendances,
    staged.ed_type_1_over_4h,
    staged.dta_waits_4_to_12h,
    staged.dta_waits_12h,
    staged.ambulance_arrivals,
    staged.handovers_15_to_30,
    staged.handovers_30_to_60,
    staged.handovers_over_60,
    staged.nctr_patients,
    staged.discharges,
    staged.discharges_by_1700,
    staged.discharges_after_1700,
    staged.not_discharged
from {{ ref('stg_mseft__daily_sitrep') }} as staged
inner join {{ ref('site') }} as site
    on staged.site_code = site.site_code
