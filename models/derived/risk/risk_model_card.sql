-- One row per measure and group of people of the model card (F 4.7): how well the model told who would be
-- admitted, and whether its probabilities came true, for all and by sex, ethnic group, deprivation and
-- age. Discrimination and ratios of a group with fewer than ten admitted people, or ten others, are null:
-- chance would speak.
{%- set groups = ['sex', 'ethnic_group', 'imd_quintile', 'age_band'] %}
with cases as (

    select
        'all' as group_kind,
        'all' as group_name,
        validation.*
    from {{ ref('risk_validation') }} as validation
    {%- for name in groups %}
    union all
    select
        '{{ name }}' as group_kind,
        validation.{{ name }} as group_name,
        validation.*
    from {{ ref('risk_validation') }} as validation
    {%- endfor %}

),

-- Rank of each prediction in its group; equal predictions share the mean of their ranks.
ranked as (

    select
        cases.*,
        rank() over (partition by group_kind, group_name order by log_odds)
        + (count(*) over (partition by group_kind, group_name, log_odds) - 1) / 2.0 as shared_rank
    from cases

),

summed as (

    select
        group_kind,
        group_name,
        max(model_version) as model_version,
        count(*) as people,
        sum(outcome) as admitted,
        sum(probability) as expected,
        avg((probability - outcome) * (probability - outcome)) as brier,
        sum(case when outcome = 1 then shared_rank end) as ranks_of_admitted,
    {%- for share, name in [('0.005', 'top_0_5'), ('0.05', 'top_5')] %}
    sum(case when place <= people * {{ share }} then 1 else 0 end) as {{ name }},
    sum(case when place <= people * {{ share }} then outcome else 0 end)
        as {{ name }}_admitted{{ ',' if not loop.last }}
    {%- endfor %}
    from ranked
    group by group_kind, group_name

),

discriminated as (

    select
        summed.*,
        cast(admitted as double) * (people - admitted) as pairs,
        admitted >= 10 and people - admitted >= 10 as is_enough,
        case
            when admitted >= 10 and people - admitted >= 10
                then (ranks_of_admitted - admitted * (admitted + 1) / 2.0)
                    / (cast(admitted as double) * (people - admitted))
        end as auc
    from summed

),

-- Standard error of the area under the curve after Hanley and McNeil.
measured as (

    select
        discriminated.*,
        sqrt(
            (
                auc * (1 - auc)
                + (admitted - 1) * (auc / (2 - auc) - auc * auc)
                + (people - admitted - 1) * (2 * auc * auc / (1 + auc) - auc * auc)
            ) / nullif(pairs, 0)
        ) as auc_error
    from discriminated

),

{{ calibration_ctes(ref('risk_validation')) }},

rows_of_card as (

    select
        'auc' as measure,
        measured.*,
        auc as value,
        auc - 1.959964 * auc_error as lower_limit,
        case when auc is not null then least(auc + 1.959964 * auc_error, 1) end as upper_limit
    from measured
    {%- for name, sql in [('brier', 'brier'), ('observed_to_expected', 'admitted / nullif(expected, 0)')] %}
    union all
    select
        '{{ name }}' as measure,
        measured.*,
        case when is_enough then {{ sql }} end as value,
        null as lower_limit,
        null as upper_limit
    from measured
    {%- endfor %}
    {%- for name in ['slope', 'intercept'] %}
    union all
    select
        'calibration_{{ name }}' as measure,
        measured.*,
        case when measured.is_enough then calibration.{{ name }} end as value,
        null as lower_limit,
        null as upper_limit
    from measured
    cross join calibration
    where measured.group_kind = 'all'
    {%- endfor %}
    {%- for name, x, n in [
        ('admitted_share', 'admitted', 'people'),
        ('ppv_top_0_5', 'top_0_5_admitted', 'top_0_5'), ('ppv_top_5', 'top_5_admitted', 'top_5'),
        ('sensitivity_top_0_5', 'top_0_5_admitted', 'admitted'), ('sensitivity_top_5', 'top_5_admitted', 'admitted'),
    ] %}
    union all
    select
        '{{ name }}' as measure,
        measured.*,
        {{ safe_divide(x, n) }} as value,
        {{ wilson_lower(x, n) }} as lower_limit,
        {{ wilson_upper(x, n) }} as upper_limit
    from measured
    {%- endfor %}

)

select
    measure,
    group_kind,
    group_name,
    model_version,
    round(value, 6) + 0 as value,
    round(lower_limit, 6) as lower_limit,
    round(upper_limit, 6) as upper_limit,
    cast(people as integer) as people,
    cast(admitted as integer) as admitted_people,
    round(expected, 3) as expected_people,
    cast(top_5 as integer) as top_5_people
from rows_of_card
