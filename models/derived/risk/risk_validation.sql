-- One row per person on whom the risk model is judged (F 4.7): what it said a year ago, what came, and the
-- groups that its card looks at. None of them is among those whom it learned from; who died or left
-- without an admission stays out.
with judged as (

    select
        score.*,
        outcome.had_emergency_admission
    from {{ ref('risk_score') }} as score
    inner join {{ ref('risk_outcome') }} as outcome
        on score.person_id = outcome.person_id and score.index_date = outcome.index_date
    inner join {{ ref('person_for_research_and_planning') }} as allowed
        on score.person_id = allowed.person_id
    where score.role = 'validate' and not outcome.is_censored

)

select
    judged.person_id,
    judged.index_date,
    judged.model_version,
    judged.log_odds,
    judged.probability,
    case when judged.had_emergency_admission then 1 else 0 end as outcome,
    row_number() over (order by judged.log_odds desc, judged.person_id) as place,
    count(*) over () as people,
    ntile(10) over (order by judged.log_odds, judged.person_id) as decile,
    case profile.sex_code when '1' then 'male' when '2' then 'female' else 'not stated' end as sex,
    coalesce(profile.ethnic_group, 'unknown') as ethnic_group,
    coalesce(
        'IMD quintile ' || cast(cast(ceil(profile.imd_decile / 2.0) as integer) as {{ dbt.type_string() }}),
        'unknown'
    )
        as imd_quintile,
    {{ age_band('profile.age_years') }} as age_band
from judged
inner join {{ ref('person_profile') }} as profile
    on judged.person_id = profile.person_id and judged.index_date = profile.index_date
