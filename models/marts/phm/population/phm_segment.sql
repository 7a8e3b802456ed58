-- One row per snapshot and segment of the population (F 4.2): people, how many of them the snapshot before
-- knew in another segment, and how many of those it knew in this one are in another now. People in
-- secondary use only; who comes to or leaves a list is no churn.
with snapshot as (

    {{ snapshot_dates() }}

),

placed as (

    select
        profile.person_id,
        snapshot.index_date,
        snapshot.index_number,
        profile.segment_code
    from {{ ref('person_profile') }} as profile
    inner join snapshot
        on profile.index_date = snapshot.index_date
    inner join {{ ref('person_for_research_and_planning') }} as permitted
        on profile.person_id = permitted.person_id

),

compared as (

    select
        placed.index_date,
        placed.segment_code,
        before.segment_code as segment_code_before,
        count(*) as people
    from placed
    left join placed as before
        on
            placed.person_id = before.person_id
            and placed.index_number - 1 = before.index_number
    group by placed.index_date, placed.segment_code, before.segment_code

),

day as (

    select
        index_date,
        sum(people) as people
    from compared
    group by index_date

),

-- Whether people are, and were, in each of the segments; null where the snapshot before did not know them.
paired as (

    select
        day.index_date,
        day.people as everybody,
        segment.segment_code,
        segment.segment_name,
        segment.rule_in_words,
        compared.people,
        compared.segment_code = segment.segment_code as is_here,
        compared.segment_code_before = segment.segment_code as was_here,
        compared.segment_code <> compared.segment_code_before as has_moved
    from {{ ref('segment') }} as segment
    cross join day
    inner join compared
        on day.index_date = compared.index_date

),

summed as (

    select
        index_date,
        everybody,
        segment_code,
        segment_name,
        rule_in_words,
        sum(case when is_here then people else 0 end) as people,
        sum(case when was_here is not null then people else 0 end) as known_before,
        sum(case when is_here and not was_here then people else 0 end) as moved_in,
        sum(case when was_here and not is_here then people else 0 end) as moved_out,
        sum(case when has_moved then people else 0 end) as moved_between_any
    from paired
    group by index_date, everybody, segment_code, segment_name, rule_in_words

)

select
    index_date,
    segment_code,
    segment_name,
    rule_in_words,
    cast(people as integer) as people,
    100 * {{ safe_divide('people', 'everybody') }} as share_percent,
    cast(case when known_before > 0 then moved_in end as integer) as moved_in,
    cast(case when known_before > 0 then moved_out end as integer) as moved_out,
    100 * {{ safe_divide('moved_between_any', 'known_before') }} as churn_of_all_percent
from summed
