-- One row per person and day for which the risk model gives a probability: everybody registered on the day
-- of as_of, and at the day on which it is judged those whom it did not learn from (F 4.7). Bands are
-- shares of the people of the day, not probabilities, as the Combined Predictive Model has them. No rows
-- without a model.
with coefficients as (

    select
        model_version,
        {%- for term in risk_terms() %}
        coalesce(max(case when term = '{{ term.name }}' then coefficient end), 0)
            as {{ term.name }}_weight,
        {%- endfor %}
        max(case when term = 'intercept' then coefficient end) as intercept
    from {{ ref('risk_model') }}
    group by model_version

),

predicted as (

    select
        feature.person_id,
        feature.index_date,
        feature.role,
        coefficients.model_version,
        round(
            coefficients.intercept
            {%- for term in risk_terms() %}
            + coefficients.{{ term.name }}_weight * {{ term.sql }}
            {%- endfor %},
            9
        ) as log_odds
    from {{ ref('risk_feature') }} as feature
    cross join coefficients
    where
        feature.role = 'score'
        or (feature.role = 'validate' and not {{ is_in_training_share('feature.person_id') }})

),

placed as (

    select
        predicted.*,
        row_number() over (partition by index_date order by log_odds desc, person_id) as risk_rank,
        count(*) over (partition by index_date) as people
    from predicted

)

select
    placed.person_id,
    placed.index_date,
    placed.role,
    placed.model_version,
    placed.log_odds,
    round(1 / (1 + exp(-placed.log_odds)), 9) as probability,
    cast(placed.risk_rank as integer) as risk_rank,
    band.risk_band
from placed
inner join {{ ref('risk_band') }} as band
    on
        placed.risk_rank > placed.people * band.share_from
        and placed.risk_rank <= placed.people * band.share_until
