-- One row per registered person and care standard that is looked at for the person, at as_of (F 3.10). An
-- open gap is eligible, not excluded and not met. Standards are data: seeds care_gap_rule, care_gap_part.
with part as (

    select
        subject.person_id,
        subject.gap_code,
        part.alternative,
        item.item_date,
        {{ value_as_text('item.value_number', 'item.second_value', 'unit.unit') }} as item_value,
        coalesce(
            item.item_date > {{ window_start('subject.index_date', 'part.window_months') }}
            and (
                part.limit_value is null
                or item.value_number < part.limit_value
                or (item.value_number = part.limit_value and not part.is_strict)
            )
            and (part.limit_second is null or item.second_value <= part.limit_second)
            and (cancel.item_date is null or cancel.item_date < item.item_date),
            false
        ) as is_met
    from {{ ref('care_gap_subject') }} as subject
    inner join {{ ref('care_gap_part') }} as part
        on
            subject.gap_code = part.gap_code
            and part.role = 'item'
            and {{ age_in_range('subject.age_years', 'part') }}
    left join {{ ref('care_item') }} as item
        on
            subject.person_id = item.person_id
            and part.code = item.item_code
    left join {{ ref('care_item') }} as cancel
        on
            subject.person_id = cancel.person_id
            and part.cancelled_by = cancel.item_code
    left join (
        select
            item_code,
            max(unit) as unit
        from {{ ref('care_item_rule') }}
        group by item_code
    ) as unit
        on part.code = unit.item_code

),

-- Of alternatives one is enough; what is met is shown before what is newer.
alternative as (

    select
        person_id,
        gap_code,
        alternative,
        max(case when is_met then 1 else 0 end) as met,
        coalesce(max(case when is_met then item_date end), max(item_date)) as item_date,
        coalesce(
            {{ latest_value('case when is_met then item_value end', 'item_date') }},
            {{ latest_value('item_value', 'item_date') }}
        ) as item_value
    from part
    group by person_id, gap_code, alternative

),

evidence as (

    select
        person_id,
        gap_code,
        count(*) as parts,
        sum(met) as parts_met,
        case when count(item_date) = count(*) then min(item_date) end as evidence_date,
        max(item_value) as item_value
    from alternative
    group by person_id, gap_code

)

select
    subject.person_id,
    subject.index_date,
    subject.gap_code,
    subject.is_eligible,
    subject.exclusion_reasons is not null as is_excluded,
    subject.exclusion_reasons,
    coalesce(evidence.parts_met = evidence.parts, false) as is_met,
    evidence.evidence_date,
    case
        when evidence.parts > 1
            then cast(evidence.parts_met as {{ dbt.type_string() }})
                || ' of ' || cast(evidence.parts as {{ dbt.type_string() }})
        else evidence.item_value
    end as evidence_value
from {{ ref('care_gap_subject') }} as subject
left join evidence
    on
        subject.person_id = evidence.person_id
        and subject.gap_code = evidence.gap_code
