-- One row per registered person and index date: the scores.
-- Skeleton: no rows yet.
select
    cast(null as {{ dbt.type_string() }}) as person_id,
    cast(null as date) as index_date,
    cast(null as integer) as ltc_count,
    cast(null as integer) as charlson_score,
    cast(null as integer) as charlson_score_2011,
    cast(null as integer) as hfrs_tenths,
    cast(null as {{ dbt.type_string() }}) as hfrs_band,
    cast(null as integer) as efi_deficit_count,
    cast(null as {{ dbt.type_string() }}) as efi_band,
    cast(null as double) as cambridge_score,
    cast(null as integer) as cambridge_category,
    cast(null as integer) as repeat_medicine_count
where false
