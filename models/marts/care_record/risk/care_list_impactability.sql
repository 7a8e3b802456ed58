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
    person.nhs_number,
    person.family_name,
    person.given_name,
    person.birth_date,
    profile.gp_practice_code,
    impact.pcn_code,
    impact.index_date,
    impact.place_in_pcn,
    impact.points,
    impact.reasons as what_can_change,
    impact.probability,
    reasons.reasons as what_raises_the_risk
from {{ ref('person_impactability') }} as impact
inner join {{ ref('person') }} as person
    on impact.person_id = person.person_id
inner join {{ ref('person_profile') }} as profile
    on impact.person_id = profile.person_id and impact.index_date = profile.index_date
left join reasons
    on impact.person_id = reasons.person_id
where impact.is_listed
