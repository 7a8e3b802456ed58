-- One row per general practice, with its network, sub-ICB location and alliance.
select
    gp_practice_code,
    gp_practice_name,
    pcn_code,
    pcn_name,
    sub_icb_code,
    sub_icb_name,
    alliance,
    is_verified
from {{ ref('gp_practice') }}
