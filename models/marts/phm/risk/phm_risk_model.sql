-- One row per measure and group of the card of the risk model (F 4.7), with what it learned from and where
-- it was judged. Where there is no model, one row says why. Only people who may be in research and
-- planning are in it.
with followed as (

    select
        sum(case when outcome.censored_because = 'died' then 1 else 0 end) as people_died,
        sum(case when outcome.censored_because = 'left' then 1 else 0 end) as people_left
    from {{ ref('risk_outcome') }} as outcome
    inner join {{ ref('person_for_research_and_planning') }} as allowed
        on outcome.person_id = allowed.person_id
    where outcome.role = 'validate' and not {{ is_in_training_share('outcome.person_id') }}

),

learned as (

    select
        max(model_version) as model_version,
        max(training_people) as training_people,
        max(training_admitted) as training_admitted,
        sum(case when is_used and term <> 'intercept' then 1 else 0 end) as term_count
    from {{ ref('risk_model') }}

)

select
    coalesce(card.measure, 'none') as measure,
    coalesce(card.group_kind, 'all') as group_kind,
    coalesce(card.group_name, 'all') as group_name,
    card.value,
    card.lower_limit,
    card.upper_limit,
    card.people,
    card.admitted_people,
    card.expected_people,
    card.top_5_people,
    learned.model_version,
    plan.train_date,
    plan.validate_date,
    plan.score_date,
    plan.history_since,
    plan.lookback_days,
    learned.training_people,
    learned.training_admitted,
    cast(learned.term_count as integer) as term_count,
    cast(followed.people_died as integer) as people_died,
    cast(followed.people_left as integer) as people_left,
    case
        when card.measure is not null then null
        else coalesce(plan.reason, 'Fewer than 100 people were admitted: too few to learn from.')
    end as reason_for_none
from {{ ref('risk_plan') }} as plan
cross join learned
cross join followed
left join {{ ref('risk_model_card') }} as card
    on plan.is_ready
