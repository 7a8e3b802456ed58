-- One row per person at rising risk (the band moderate: 5 to 20 % of people) on the day of as_of, with points for what can
-- be changed and the place that they give in the primary care network (F 4.8). As many are listed as the network has room
-- for. Points are a way to sort a list for a clinician, no estimate of benefit.
with rising as (

    select
        score.person_id,
        score.index_date,
        score.probability,
        feature.repeat_medicine_count,
        feature.is_smoker,
        feature.is_palliative,
        feature.is_care_home_resident,
        feature.has_community_caseload,
        coalesce(profile.pcn_code, 'unknown') as pcn_code
    from {{ ref('risk_score') }} as score
    inner join {{ ref('risk_feature') }} as feature
        on score.person_id = feature.person_id and score.index_date = feature.index_date
    inner join {{ ref('person_profile') }} as profile
        on score.person_id = profile.person_id and score.index_date = profile.index_date
    where score.role = 'score' and score.risk_band = 'moderate'

),

-- Ambulatory care sensitive by the primary diagnosis, set (b) of F 3.9.
acsc as (

    select distinct rising.person_id
    from rising
    inner join {{ ref('hospital_spell') }} as spell
        on
            rising.person_id = spell.person_id
            and spell.admission_date <= rising.index_date
            and spell.admission_date > {{ months_add(-12, 'rising.index_date') }}
    inner join {{ ref('acsc_code') }} as acsc_code
        on
            acsc_code.icd10_prefix = substr(spell.primary_diagnosis_code, 1, 3)
            or acsc_code.icd10_prefix = substr(spell.primary_diagnosis_code, 1, 4)
    where {{ counts_as_emergency_admission('spell.admission_method_code') }}

),

alone_or_carer as (

    select distinct event.person_id
    from {{ ref('clinical_event') }} as event
    inner join {{ ref('code_cluster') }} as code
        on event.snomed_code = code.snomed_code
    inner join rising
        on event.person_id = rising.person_id and event.event_date <= rising.index_date
    where code.cluster_id in ('LIVESALONE_COD', 'CARER_COD')

),

found as (

    select person_id, 'acsc_admission' as rule_id from acsc
    union all
    select person_id, 'alone_or_carer' as rule_id from alone_or_carer
    union all
    select person_id, 'polypharmacy' as rule_id from rising where repeat_medicine_count >= 10
    union all
    select person_id, 'smoker' as rule_id from rising where is_smoker
    union all
    select person_id, 'palliative' as rule_id from rising where is_palliative
    union all
    select person_id, 'care_home' as rule_id from rising where is_care_home_resident
    union all
    select person_id, 'on_caseload' as rule_id from rising where has_community_caseload
    union all
    select person_id, 'hba1c_over_75' as rule_id
    from {{ ref('care_gap') }}
    where
        gap_code = 'DM_HBA1C'
        and {{ try_cast(regex_extract('evidence_value', '([0-9.]+)', 1), 'double') }} > 75
    union all
    select gap.person_id, rule.rule_id
    from {{ ref('care_gap') }} as gap
    inner join {{ ref('impactability_rule') }} as rule
        on gap.gap_code = rule.gap_code
    where gap.is_eligible and not gap.is_excluded and not gap.is_met

),

-- Two standards that ask for the same thing count once.
counted as (

    select
        found.person_id,
        rule.counts_as,
        max(rule.points) as points,
        max(rule.words) as words,
        max(case when rule.gap_code is not null then 1 else 0 end) as is_gap
    from found
    inner join {{ ref('impactability_rule') }} as rule
        on found.rule_id = rule.rule_id
    group by found.person_id, rule.counts_as

),

added as (

    select
        person_id,
        sum(points) as points,
        sum(is_gap) as open_gap_count,
        {{ dbt.listagg('words', "'; '", 'order by points desc, counts_as') }} as reasons
    from counted
    group by person_id

),

room as (

    select
        profile.pcn_code,
        ceil(count(*) * max(coalesce(own.people_per_1000, usual.people_per_1000)) / 1000.0) as capacity
    from {{ ref('person_profile') }} as profile
    inner join {{ ref('impactability_capacity') }} as usual
        on usual.pcn_code = 'any'
    left join {{ ref('impactability_capacity') }} as own
        on profile.pcn_code = own.pcn_code
    where profile.is_current
    group by profile.pcn_code

),

placed as (

    select
        rising.*,
        coalesce(added.points, 0) as points,
        coalesce(added.open_gap_count, 0) as open_gap_count,
        added.reasons,
        row_number() over (
            partition by rising.pcn_code
            order by coalesce(added.points, 0) desc, rising.probability desc, rising.person_id
        ) as place_in_pcn
    from rising
    left join added
        on rising.person_id = added.person_id

)

select
    placed.person_id,
    placed.index_date,
    placed.pcn_code,
    placed.probability,
    cast(placed.points as integer) as points,
    cast(placed.open_gap_count as integer) as open_gap_count,
    placed.reasons,
    cast(placed.place_in_pcn as integer) as place_in_pcn,
    coalesce(placed.points > 0 and placed.place_in_pcn <= room.capacity, false) as is_listed
from placed
left join room
    on placed.pcn_code = room.pcn_code
