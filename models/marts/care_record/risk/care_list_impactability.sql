-- One row per patient at rising risk whom the primary care network has room for (F 4.8), for its
-- clinicians: what can be changed, and what raises the risk.
with reasons as (

    select
        person_id,
        {{ dbt.listagg('reason', "'; '", 'order by reason_rank') }} as reasons
    from {{ ref('risk_reason') }}
    group by person_id

)

select
    impact.person_id,
    {{ patient_on_list() }},
    impact.index_date,
    impact.place_in_pcn,
    impact.points,
    impact.reasons as what_can_change,
    impact.probability,
    reasons.reasons as what_raises_the_risk
from {{ ref('person_impactability') }} as impact
{{ join_patient_on_list('impact') }}
left join reasons
    on impact.person_id = reasons.person_id
where impact.is_listed
