-- One row per item of Core20PLUS5 (F 3.11), at as_of: what feeds tell of it in the most deprived fifth and
-- in the rest, or the feed that is missing. People in secondary use only.
with latest as (

    select *
    from {{ ref('phm_inequality') }}
    where index_date = {{ as_of_date() }}

)

select
    item.item_id,
    item.age_group,
    item.clinical_area,
    item.sentence,
    item.indicator_id,
    case
        when item.indicator_id is null then 'not available'
        when latest.core20_value is null or latest.rest_value is null then 'too few'
        else 'told'
    end as status,
    item.missing_feed,
    {{ as_of_date() }} as index_date,
    latest.unit,
    latest.better,
    latest.core20_value,
    latest.rest_value,
    latest.gap,
    latest.gap_lower,
    latest.gap_upper,
    latest.rate_ratio,
    latest.sii,
    latest.sii_lower,
    latest.sii_upper
from {{ ref('core20plus5_item') }} as item
left join latest
    on item.indicator_id = latest.indicator_id
