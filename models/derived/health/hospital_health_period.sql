-- One row per person, purpose, state and stretch of time in which a finished hospital spell of the months
-- before has a diagnosis of it, in any position: evidence for registers and segments (F 4.1, 4.2),
-- conditions of the Charlson index (F 4.4), codes of the Hospital Frailty Risk Score (F 4.5). A spell
-- counts from the day of discharge, when it is coded.
{{ rows_follow_key('person_id', {'hospital_spell': 'person_id'}) }}
with finished as (

    select
        spell.person_id,
        spell.discharge_date as on_date,
        coalesce(spell.primary_diagnosis_code, '') || ';'
        || coalesce(spell.secondary_diagnosis_codes, '') as codes,
        spell.admission_group
    from {{ ref('hospital_spell') }} as spell
    where
        spell.person_id is not null
        and spell.discharge_date is not null

),

coded as (

    select distinct
        split.person_id,
        split.on_date,
        split.icd10_code
    from (
        select
            finished.person_id,
            finished.on_date,
            {{ each_part('finished.codes') }} as icd10_code
        from finished
    ) as split

),

-- A code stands for itself and for its category of three characters.
named as (

    select
        person_id,
        on_date,
        icd10_code
    from coded
    union all
    select
        person_id,
        on_date,
        substr(icd10_code, 1, 3) as icd10_code
    from coded
    where length(icd10_code) > 3

),

meaning as (

    select
        purpose,
        state_code,
        icd10_prefix,
        within_months
    from {{ ref('hospital_state') }}
    union all
    select
        'charlson' as purpose,
        condition_code as state_code,
        icd10_prefix,
        24 as within_months
    from {{ ref('charlson_condition') }}
    union all
    select
        'hfrs' as purpose,
        icd10_code as state_code,
        icd10_code as icd10_prefix,
        24 as within_months
    from {{ ref('hfrs_code') }}

),

piece as (

    select
        named.person_id,
        meaning.purpose,
        meaning.state_code,
        named.on_date as valid_from,
        {{ months_add('meaning.within_months', 'named.on_date') }} as valid_until
    from named
    inner join meaning
        on named.icd10_code = meaning.icd10_prefix
    union all
    select
        person_id,
        'segment' as purpose,
        'MATERNITY' as state_code,
        on_date as valid_from,
        {{ months_add(12, 'on_date') }} as valid_until
    from finished
    where admission_group = 'maternity'

)

{{ merged_periods('piece', ['person_id', 'purpose', 'state_code']) }}
