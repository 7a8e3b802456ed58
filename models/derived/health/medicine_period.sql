-- One row per person, group of medicines or repeat medicine, and stretch of time in which the person has
-- had it: `group` while enough issues lie in the last months (seed medicine_state), `repeat` while the last
-- 12 months hold an issue of a repeat prescription. An issue counts for the days that are less than so many
-- months later.
{{ rows_follow_key('person_id', {'medication_order': 'person_id'}) }}
with issue as (

    select
        medication_order.person_id,
        medication_order.issued_on,
        medication_order.bnf_code,
        medication_order.is_repeat,
        -- The substance where the code says it, else the product.
        coalesce(
            case when length(medication_order.bnf_code) >= 9 then substr(medication_order.bnf_code, 1, 9) end,
            medication_order.dmd_code, medication_order.medication_name
        ) as medicine
    from {{ ref('medication_order') }} as medication_order
    where
        medication_order.person_id is not null
        and medication_order.issued_on is not null

),

meaning as (

    select
        code.bnf_code,
        medicine_state.state_code,
        medicine_state.minimum_issues,
        medicine_state.within_months
    from (select distinct issue.bnf_code from issue) as code
    inner join {{ ref('medicine_cluster') }} as medicine_cluster
        on substr(code.bnf_code, 1, length(medicine_cluster.bnf_prefix)) = medicine_cluster.bnf_prefix
    inner join {{ ref('medicine_state') }} as medicine_state
        on medicine_cluster.medicine_cluster_id = medicine_state.medicine_cluster_id

),

numbered as (

    select
        issue.person_id,
        meaning.state_code,
        issue.issued_on,
        meaning.minimum_issues,
        meaning.within_months,
        row_number() over (
            partition by issue.person_id, meaning.state_code
            order by issue.issued_on
        ) as place
    from issue
    inner join meaning
        on issue.bnf_code = meaning.bnf_code

),

piece as (

    select
        numbered.person_id,
        'group' as purpose,
        numbered.state_code,
        numbered.issued_on as valid_from,
        {{ months_add('earliest.within_months', 'earliest.issued_on') }} as valid_until
    from numbered
    inner join numbered as earliest
        on
            numbered.person_id = earliest.person_id
            and numbered.state_code = earliest.state_code
            and numbered.place - numbered.minimum_issues + 1 = earliest.place
    where numbered.issued_on < {{ months_add('earliest.within_months', 'earliest.issued_on') }}
    union all
    select distinct
        issue.person_id,
        'repeat' as purpose,
        issue.medicine as state_code,
        issue.issued_on as valid_from,
        {{ months_add(12, 'issue.issued_on') }} as valid_until
    from issue
    where
        issue.is_repeat
        and issue.medicine is not null

)

{{ merged_periods('piece', ['person_id', 'purpose', 'state_code']) }}
