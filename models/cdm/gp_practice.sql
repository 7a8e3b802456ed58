-- One row per general practice, with the network, sub-ICB location and alliance it belongs to.
select
    practice.gp_practice_code,
    practice.gp_practice_name,
    practice.pcn_code,
    practice.pcn_name,
    practice.sub_icb_code,
    sub_icb.sub_icb_name,
    sub_icb.alliance,
    practice.is_verified
from {{ ref('gp_practice_list') }} as practice
left join {{ ref('sub_icb') }} as sub_icb
    on practice.sub_icb_code = sub_icb.sub_icb_code
