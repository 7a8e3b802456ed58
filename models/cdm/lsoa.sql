-- One row per lower layer super output area, with its district, sub-ICB location and deprivation.
select
    area.lsoa_code,
    area.lsoa_name,
    area.district_code,
    area.district_name,
    area.sub_icb_code,
    area.imd_decile,
    -- F 2.17: quintile = floor((decile - 1) / 2) + 1
    cast(floor((area.imd_decile - 1) / 2.0) + 1 as integer) as imd_quintile
from {{ ref('lsoa_list') }} as area
