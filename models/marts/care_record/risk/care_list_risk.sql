-- One row per patient in the two highest bands of risk at as_of (F 4.7), for the clinicians of the
-- practice: who it is, how high the risk is, and what raises it. For finding patients, under 5.4; no
-- decision rests on it alone.
with reasons as (

    select
        person_id,
        {{ dbt.listagg('reason', "'; '", 'order by reason_rank') }} as reasons
    from {{ ref('risk_reason') }}
    group by person_id

)

select
    score.person_id,
    {{ patient_on_list() }},
    score.index_date,
    band.label as risk_band,
    score.probability,
    cast(
        row_number() over (
            partition by profile.gp_practice_code
            order by score.risk_rank
        ) as integer
    ) as place_in_practice,
    reasons.reasons,
    score.model_version
from {{ ref('risk_score') }} as score
{{ join_patient_on_list('score') }}
inner join {{ ref('risk_band') }} as band
    on score.risk_band = band.risk_band
left join reasons
    on score.person_id = reasons.person_id
where
    score.role = 'score'
    and score.risk_band in ('very_high', 'high')
