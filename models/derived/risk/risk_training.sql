-- One row per person whom the risk model learns from, with its terms and the outcome (F 4.7): six in ten
-- of those who may be in research and planning and could be followed for the year. A table of its own, so
-- that the model is made again when one of these rows changed, and on no other day.
with rows_of_training as (

    select
        feature.*,
        outcome.had_emergency_admission,
        {{ dbt.hash('feature.person_id') }} as sample_order
    from {{ ref('risk_feature') }} as feature
    inner join {{ ref('risk_outcome') }} as outcome
        on feature.person_id = outcome.person_id and feature.index_date = outcome.index_date
    inner join {{ ref('person_for_research_and_planning') }} as allowed
        on feature.person_id = allowed.person_id
    where
        feature.role = 'train'
        and {{ is_in_training_share('feature.person_id') }}
        and not outcome.is_censored

),

-- A regression of fifty terms learns nothing more from the millionth person.
numbered as (

    select
        rows_of_training.*,
        row_number() over (order by sample_order, person_id) as place
    from rows_of_training

)

select
    person_id,
    index_date as train_date,
    {%- for term in risk_terms() %}
    {{ term.sql }} as {{ term.name }},
    {%- endfor %}
    sample_order,
    had_emergency_admission
from numbered
where place <= 50000
