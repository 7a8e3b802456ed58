-- One row per registered person and index date: everything that products say of a person, in one place.
-- Skeleton: no rows yet.
select
    cast(null as {{ dbt.type_string() }}) as person_id,
    cast(null as date) as index_date,
    cast(null as boolean) as is_current,
    cast(null as integer) as age_years,
    cast(null as {{ dbt.type_string() }}) as sex_code,
    cast(null as {{ dbt.type_string() }}) as ethnic_group,
    cast(null as {{ dbt.type_string() }}) as lsoa_code,
    cast(null as integer) as imd_decile,
    cast(null as {{ dbt.type_string() }}) as gp_practice_code,
    cast(null as {{ dbt.type_string() }}) as pcn_code,
    cast(null as {{ dbt.type_string() }}) as sub_icb_code,
    cast(null as boolean) as is_core20,
    cast(null as boolean) as is_care_home_resident,
    cast(null as boolean) as is_palliative,
    cast(null as boolean) as is_smoker,
    cast(null as double) as latest_bmi,
    cast(null as integer) as ltc_count,
    cast(null as {{ dbt.type_string() }}) as segment_code,
    cast(null as date) as died_on
where false
