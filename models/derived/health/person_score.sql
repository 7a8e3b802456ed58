-- One row per registered person and index date: long-term conditions, Charlson index (F 4.4), Hospital
-- Frailty Risk Score (F 4.5), electronic frailty index (F 4.6), Cambridge Multimorbidity Score (F 4.3),
-- repeat medicines. A hospital spell counts from its end, for 24 months; scores know nothing dated after
-- the index date.
{{ rows_follow_key('person_id', {
    'registered_person': 'person_id', 'person_register': 'person_id', 'score_item_period': 'person_id',
    'charlson_index': 'person_id',
}, partition='index_date', partitioned=[
    'registered_person', 'person_register', 'charlson_index',
]) }}
with summed as (

    select
        registered.person_id,
        registered.index_date,
        sum(case when item.score = 'efi' then item.points else 0 end) as efi_deficits,
        sum(case when item.score = 'cambridge' then item.points else 0 end) as cambridge_hundredths,
        sum(case when item.score = 'hfrs' then item.points else 0 end) as hfrs_tenths,
        sum(case when item.score = 'repeat' then item.points else 0 end) as repeat_medicines
    from {{ ref('score_item_period') }} as item
    inner join {{ ref('registered_person') }} as registered
        on
            item.person_id = registered.person_id
            and item.valid_from <= registered.index_date
            and item.valid_until > registered.index_date
    group by registered.person_id, registered.index_date

),

conditions as (

    select
        register.person_id,
        register.index_date,
        count(*) as ltc_count
    from {{ ref('person_register') }} as register
    where register.counts_as_ltc
    group by register.person_id, register.index_date

),

scored as (

    select
        registered.person_id,
        registered.index_date,
        registered.age_years,
        cast(coalesce(conditions.ltc_count, 0) as integer) as ltc_count,
        coalesce(charlson.charlson_score, 0) as charlson_score,
        coalesce(charlson.charlson_score_2011, 0) as charlson_score_2011,
        cast(
            case when registered.age_years >= 75 then coalesce(summed.hfrs_tenths, 0) end as integer
        ) as hfrs_tenths,
        cast(coalesce(summed.efi_deficits, 0) as integer) as efi_deficits,
        cast(coalesce(summed.cambridge_hundredths, 0) as integer) as cambridge_hundredths,
        cast(coalesce(summed.repeat_medicines, 0) as integer) as repeat_medicine_count
    from {{ ref('registered_person') }} as registered
    left join conditions
        on registered.person_id = conditions.person_id and registered.index_date = conditions.index_date
    left join summed
        on registered.person_id = summed.person_id and registered.index_date = summed.index_date
    left join {{ ref('charlson_index') }} as charlson
        on registered.person_id = charlson.person_id and registered.index_date = charlson.index_date

),

-- Five repeat medicines are a deficit of their own.
counted as (

    select
        scored.*,
        case
            when scored.age_years >= 65
                then scored.efi_deficits + case when scored.repeat_medicine_count >= 5 then 1 else 0 end
        end as efi_deficit_count
    from scored

)

select
    person_id,
    index_date,
    ltc_count,
    charlson_score,
    charlson_score_2011,
    hfrs_tenths,
    {{ hfrs_band('hfrs_tenths') }} as hfrs_band,
    efi_deficit_count,
    {{ efi_band('efi_deficit_count') }} as efi_band,
    cambridge_hundredths / 100.0 as cambridge_score,
    {{ cambridge_category('cambridge_hundredths') }} as cambridge_category,
    repeat_medicine_count
from counted
