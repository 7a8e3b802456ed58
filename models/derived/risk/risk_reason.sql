-- One row per person above the low band and reason, at most three, for the risk on the day of as_of: the
-- features that put the person furthest above the average of those whom the model learned from (F 4.7).
-- What the model weighs, not a cause.
with means as (

    select
        {%- for term in risk_terms() %}
        coalesce(max(case when term = '{{ term.name }}' then coefficient end), 0)
            as {{ term.name }}_weight,
        coalesce(max(case when term = '{{ term.name }}' then training_mean end), 0)
            as {{ term.name }}_mean,
        {%- endfor %}
        count(*) as terms
    from {{ ref('risk_model') }}

),

listed as (

    select feature.*
    from {{ ref('risk_feature') }} as feature
    inner join {{ ref('risk_score') }} as score
        on feature.person_id = score.person_id and feature.index_date = score.index_date
    where score.role = 'score' and score.risk_band <> 'low'

),

weighed as (

    select
        listed.person_id,
        listed.index_date,
        label.feature,
        label.words,
        case label.feature
            {%- for feature, terms in risk_terms() | groupby('feature') %}
            when '{{ feature }}'
                then
                {%- for term in terms %}
                    {{ '+ ' if not loop.first }}means.{{ term.name }}_weight
                    * ({{ term.sql }} - means.{{ term.name }}_mean)
                {%- endfor %}
            {%- endfor %}
        end as log_odds_added,
        case label.feature
            {%- for feature, terms in risk_terms() | groupby('feature') %}
            when '{{ feature }}'
                then {{ risk_values().get(feature) or terms | map(attribute='sql') | join(' + ') }}
            {%- endfor %}
        end as feature_value
    from listed
    cross join means
    cross join {{ ref('risk_feature_label') }} as label

),

numbered as (

    select
        weighed.*,
        row_number()
            over (partition by person_id order by round(log_odds_added, 6) desc, feature)
            as reason_rank
    from weighed
    where log_odds_added > 0.05 and feature_value > 0

)

select
    person_id,
    index_date,
    cast(reason_rank as integer) as reason_rank,
    feature,
    round(log_odds_added, 6) as log_odds_added,
    replace(words, '{n}', cast(cast(feature_value as integer) as {{ dbt.type_string() }})) as reason
from numbered
where reason_rank <= 3
