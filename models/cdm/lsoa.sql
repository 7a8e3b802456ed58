-- One row per lower layer super output area, with its district, sub-ICB location, deprivation and wider
-- determinants of health, null where they are not known.
select
    area.lsoa_code,
    area.lsoa_name,
    area.district_code,
    area.district_name,
    area.sub_icb_code,
    area.imd_decile,
    -- F 2.17: quintile = floor((decile - 1) / 2) + 1
    cast(floor((area.imd_decile - 1) / 2.0) + 1 as integer) as imd_quintile,
    determinant.fuel_poverty_percent,
    determinant.overcrowded_percent,
    determinant.no_car_percent,
    determinant.income_deprived_percent,
    determinant.gp_distance_km,
    determinant.green_space_distance_m,
    determinant.fine_particles_ug_m3,
    coalesce(determinant.is_verified, false) as determinants_are_verified
from {{ ref('lsoa_list') }} as area
left join {{ ref('lsoa_determinant') }} as determinant
    on area.lsoa_code = determinant.lsoa_code
