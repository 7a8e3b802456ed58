-- One row per person and item of care (a measurement, a check, a medicine), at as_of: when it was last
-- recorded and what it said. An item of two values (blood pressure) counts on days that have both; of
-- several values of one day the lowest stands (F 3.10). What is dated later than as_of is left out.
with today as (

    select index_date
    from {{ ref('index_date') }}
    where is_current

),

code_item as (

    select
        code_cluster.snomed_code,
        care_item.item_code,
        care_item.needs_value,
        care_item.is_second_value
    from {{ ref('care_item_rule') }} as care_item
    inner join {{ ref('code_cluster') }} as code_cluster
        on care_item.cluster_id = code_cluster.cluster_id
    where care_item.source_kind = 'code'

),

medicine_item as (

    select
        care_item.item_code,
        medicine_cluster.bnf_prefix
    from {{ ref('care_item_rule') }} as care_item
    inner join {{ ref('medicine_cluster') }} as medicine_cluster
        on care_item.cluster_id = medicine_cluster.medicine_cluster_id
    where care_item.source_kind = 'medicine'

),

-- A handful of codes of medicines, so that orders are looked up and not searched through.
medicine_code as (

    select distinct
        ordered.bnf_code,
        medicine_item.item_code
    from (select distinct bnf_code from {{ ref('medication_order') }}) as ordered
    inner join medicine_item
        on substr(ordered.bnf_code, 1, length(medicine_item.bnf_prefix)) = medicine_item.bnf_prefix

),

two_valued as (

    select distinct item_code
    from {{ ref('care_item_rule') }}
    where is_second_value

),

item_day as (

    select
        event.person_id,
        code_item.item_code,
        event.event_date as item_date,
        min(
            case when code_item.needs_value and not code_item.is_second_value then event.value_number end
        ) as value_number,
        min(case when code_item.is_second_value then event.value_number end) as second_value
    from {{ ref('clinical_event') }} as event
    inner join code_item
        on event.snomed_code = code_item.snomed_code
    cross join today
    where
        event.event_date <= today.index_date
        and (event.value_number is not null or not code_item.needs_value)
    group by event.person_id, code_item.item_code, event.event_date
    union all
    select distinct
        medication_order.person_id,
        medicine_code.item_code,
        medication_order.issued_on as item_date,
        cast(null as double) as value_number,
        cast(null as double) as second_value
    from {{ ref('medication_order') }} as medication_order
    inner join medicine_code
        on medication_order.bnf_code = medicine_code.bnf_code
    cross join today
    where medication_order.issued_on <= today.index_date

)

select
    item_day.person_id,
    item_day.item_code,
    max(item_day.item_date) as item_date,
    {{ latest_value('item_day.value_number', 'item_day.item_date') }} as value_number,
    {{ latest_value('item_day.second_value', 'item_day.item_date') }} as second_value
from item_day
left join two_valued
    on item_day.item_code = two_valued.item_code
where
    two_valued.item_code is null
    or (item_day.value_number is not null and item_day.second_value is not null)
group by item_day.person_id, item_day.item_code
