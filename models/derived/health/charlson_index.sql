-- One row per registered person and index date with a condition of the Charlson index in the spells that
-- ended in the 24 months before (F 4.4): the sum of the weights of 1987 and of 2011. The milder of two
-- forms of one disease gives way.
{{ rows_follow_key('person_id', {
    'registered_person': 'person_id', 'hospital_health_period': 'person_id',
}, partition='index_date', partitioned=['registered_person']) }}
with condition as (

    select
        condition_code,
        min(weight_1987) as weight_1987,
        min(weight_2011) as weight_2011,
        min(counts_not_with) as counts_not_with
    from {{ ref('charlson_condition') }}
    group by condition_code

),

present as (

    select
        registered.person_id,
        registered.index_date,
        period.state_code as condition_code
    from {{ ref('hospital_health_period') }} as period
    inner join {{ ref('registered_person') }} as registered
        on
            period.person_id = registered.person_id
            and period.valid_from <= registered.index_date
            and period.valid_until > registered.index_date
    where period.purpose = 'charlson'

)

select
    present.person_id,
    present.index_date,
    cast(sum(condition.weight_1987) as integer) as charlson_score,
    cast(sum(condition.weight_2011) as integer) as charlson_score_2011
from present
inner join condition
    on present.condition_code = condition.condition_code
left join present as graver
    on
        present.person_id = graver.person_id
        and present.index_date = graver.index_date
        and condition.counts_not_with = graver.condition_code
where graver.person_id is null
group by present.person_id, present.index_date
