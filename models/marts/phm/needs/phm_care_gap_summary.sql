-- One row per care standard, kind of group and group, at as_of (F 3.10, 4.9): for whom it is meant, who
-- meets it, with a Wilson interval. Who opted out is counted as left out, and nowhere else.
with person as (

    select
        gap.gap_code,
        gap.index_date,
        case when permitted.person_id is not null then 1 else 0 end as is_in,
        case when gap.is_excluded then 1 else 0 end as is_excluded,
        case when gap.is_met then 1 else 0 end as is_met,
        case when gap.evidence_date is null then 1 else 0 end as has_none,
        {{ phm_group_columns() }}
    from {{ ref('care_gap') }} as gap
    inner join {{ ref('person_profile') }} as profile
        on
            gap.person_id = profile.person_id
            and gap.index_date = profile.index_date
    left join {{ ref('person_for_research_and_planning') }} as permitted
        on gap.person_id = permitted.person_id
    where gap.is_eligible

),

summed as (

    {{ summed_by_phm_group('person', ['gap_code', 'index_date'], {
        'eligible': 'is_in',
        'excluded': 'is_in * is_excluded * (1 - is_met)',
        'met': 'is_in * is_met',
        'never_recorded': 'is_in * (1 - is_excluded) * has_none',
        'left_out': '1 - is_in',
    }) }}

)

select
    summed.gap_code,
    rule.label,
    rule.condition_group,
    summed.index_date,
    summed.group_kind,
    summed.group_value,
    cast(summed.eligible as integer) as eligible_people,
    cast(summed.excluded as integer) as excluded_people,
    cast(summed.eligible - summed.excluded as integer) as denominator,
    cast(summed.met as integer) as met_people,
    cast(summed.eligible - summed.excluded - summed.met as integer) as open_people,
    cast(summed.never_recorded as integer) as never_recorded_people,
    cast(summed.left_out as integer) as left_out_people,
    round(100 * {{ safe_divide('summed.met', '(summed.eligible - summed.excluded)') }}, 1) as met_percent,
    round(100 * {{ wilson_lower('summed.met', '(summed.eligible - summed.excluded)') }}, 1)
        as met_percent_lower,
    round(100 * {{ wilson_upper('summed.met', '(summed.eligible - summed.excluded)') }}, 1)
        as met_percent_upper,
    rule.standard_percent
from summed
inner join {{ ref('care_gap_rule') }} as rule
    on summed.gap_code = rule.gap_code
