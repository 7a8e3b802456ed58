-- One row per person and medicine on repeat, issued in the 12 months up to as_of. is_in_supply: the last
-- issue, its days and four weeks more reach as_of; a medicine without days counts for 28.
{% set order_of_issue = 'cast(issued_on as ' ~ dbt.type_string() ~ ') || medication_order_id' %}
with issue as (

    select
        medication.*,
        coalesce(medication.dmd_code, medication.medication_name) as medicine
    from {{ ref('medication_order') }} as medication
    where
        medication.is_repeat
        and medication.person_id is not null
        and medication.issued_on <= {{ as_of_date() }}

),

course as (

    select
        person_id,
        medicine,
        max(medication_name) as medication_name,
        max(dmd_code) as dmd_code,
        max(bnf_code) as bnf_code,
        {{ latest_value('quantity', order_of_issue) }} as quantity,
        {{ latest_value('quantity_unit', order_of_issue) }} as quantity_unit,
        {{ latest_value('coalesce(duration_days, 28)', order_of_issue) }} as duration_days,
        {{ latest_value('gp_practice_code', order_of_issue) }} as gp_practice_code,
        min(issued_on) as first_issued_on,
        max(issued_on) as last_issued_on,
        count(*) as issue_count
    from issue
    where medicine is not null
    group by person_id, medicine

)

select
    person_id,
    medicine,
    medication_name,
    dmd_code,
    bnf_code,
    quantity,
    quantity_unit,
    gp_practice_code,
    first_issued_on,
    last_issued_on,
    cast(issue_count as integer) as issue_count,
    {{ days_between('last_issued_on', as_of_date()) }} <= duration_days + 28
        as is_in_supply
from course
where last_issued_on > {{ months_add(-12, as_of_date()) }}
