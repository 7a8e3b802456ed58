-- One row per person at rising risk (the band moderate: 5 to 20 % of people) on the day of as_of and rule
-- that gives or takes points (F 4.8, seed impactability_rule). Rules that ask for the same thing count once.
with rising as (

    select
        score.person_id,
        score.index_date,
        feature.repeat_medicine_count,
        feature.is_smoker,
        feature.is_palliative,
        feature.is_care_home_resident,
        feature.has_community_caseload
    from {{ ref('risk_score') }} as score
    inner join {{ ref('risk_feature') }} as feature
        on score.person_id = feature.person_id and score.index_date = feature.index_date
    where score.role = 'score' and score.risk_band = 'moderate'

),

-- Ambulatory care sensitive by the primary diagnosis, set (b) of F 3.9.
acsc as (

    select distinct rising.person_id
    from rising
    inner join {{ ref('hospital_spell') }} as spell
        on
            rising.person_id = spell.person_id
            and rising.index_date >= spell.admission_date
            and {{ months_add(-12, 'rising.index_date') }} < spell.admission_date
    inner join {{ ref('acsc_code') }} as acsc_code
        on
            substr(spell.primary_diagnosis_code, 1, 3) = acsc_code.icd10_prefix
            or substr(spell.primary_diagnosis_code, 1, 4) = acsc_code.icd10_prefix
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

    {%- for rule, table, condition in [
        ('acsc_admission', 'acsc', 'true'),
        ('alone_or_carer', 'alone_or_carer', 'true'),
        ('polypharmacy', 'rising', 'repeat_medicine_count >= 10'),
        ('smoker', 'rising', 'is_smoker'),
        ('palliative', 'rising', 'is_palliative'),
        ('care_home', 'rising', 'is_care_home_resident'),
        ('on_caseload', 'rising', 'has_community_caseload'),
    ] %}
    select
        person_id,
        '{{ rule }}' as rule_id
    from {{ table }}
    where {{ condition }}
    union all
    {%- endfor %}
    select
        person_id,
        'hba1c_over_75' as rule_id
    from {{ ref('care_gap') }}
    where
        gap_code = 'DM_HBA1C'
        and {{ try_cast(regex_extract('evidence_value', '([0-9.]+)', 1), 'double') }} > 75
    union all
    select
        gap.person_id,
        rule.rule_id
    from {{ ref('care_gap') }} as gap
    inner join {{ ref('impactability_rule') }} as rule
        on gap.gap_code = rule.gap_code
    where gap.is_eligible and not gap.is_excluded and not gap.is_met

)

select
    found.person_id,
    rule.counts_as,
    max(rule.points) as points,
    max(rule.words) as words,
    max(case when rule.gap_code is not null then 1 else 0 end) = 1 as is_gap
from found
inner join {{ ref('impactability_rule') }} as rule
    on found.rule_id = rule.rule_id
inner join rising
    on found.person_id = rising.person_id
group by found.person_id, rule.counts_as
