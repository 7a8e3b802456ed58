-- One row per registered person and care standard where something speaks against it, at as_of: the person
-- declined, or is not meant because of a register or a medicine (F 3.10).
with population as (

    select
        person_id,
        index_date
    from {{ ref('person_profile') }}
    where is_current

),

part as (

    select *
    from {{ ref('care_gap_part') }}

),

objection as (

    select
        item.person_id,
        part.gap_code,
        case when part.role = 'declined' then 1 else 0 end as declined,
        case when part.role = 'without_item' then 1 else 0 end as left_out
    from {{ ref('care_item') }} as item
    inner join population
        on item.person_id = population.person_id
    inner join part
        on
            item.item_code = part.code
            and part.role in ('declined', 'without_item')
    where item.item_date > {{ window_start('population.index_date', 'part.window_months') }}
    union all
    select
        register.person_id,
        part.gap_code,
        0 as declined,
        1 as left_out
    from {{ ref('person_register') }} as register
    inner join population
        on
            register.person_id = population.person_id
            and register.index_date = population.index_date
    inner join part
        on
            register.register_code = part.code
            and part.role = 'without_register'

)

select
    person_id,
    gap_code,
    max(declined) = 1 as is_declined,
    max(left_out) = 1 as is_left_out
from objection
group by person_id, gap_code
