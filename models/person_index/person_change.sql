-- One row per moment and pair of persons between whom records went: every merge, split and change of an id
-- since the first published set, and those of this build against the set published last. A merge took
-- records to a person who was there before; a split left records behind; a move did both; a rename neither.
with records as (

    select
        was.person_id as person_id_before,
        is_now.person_id as person_id_after
    from {{ source('hub', 'person_published') }} as was
    inner join {{ ref('person_identity') }} as is_now
        on
            was.feed_table = is_now.feed_table
            and was.record_id = is_now.record_id

),

pairs as (

    select
        person_id_before,
        person_id_after,
        count(*) as records
    from records
    group by person_id_before, person_id_after

),

counted as (

    select
        pairs.*,
        count(*) over (partition by person_id_after) as persons_joined,
        count(*) over (partition by person_id_before) as persons_parted
    from pairs

)

select
    changed_at,
    person_id_before,
    person_id_after,
    kind,
    records
from {{ source('hub', 'person_change_log') }}

union all

select
    {{ as_of() }} as changed_at,
    person_id_before,
    person_id_after,
    case
        when persons_joined > 1 and persons_parted > 1 then 'move'
        when persons_joined > 1 then 'merge'
        when persons_parted > 1 then 'split'
        else 'rename'
    end as kind,
    records
from counted
where person_id_before <> person_id_after
