-- One row per intervention, design and thing that people are described by (F 4.14): how much alike those
-- who took part and those beside whom they are held were when they began. A standardised difference under
-- 0.1 is small.
with described as (

    select
        match.design,
        match.intervention_id,
        'exposed' as side,
        match.person_id,
        match.index_date,
        match.weight
    from {{ ref('intervention_match') }} as match
    union all
    select
        match.design,
        match.intervention_id,
        'comparison' as side,
        match.comparison_person_id as person_id,
        match.index_date,
        match.weight
    from {{ ref('intervention_match') }} as match

),

measured as (

    {%- for variable, value in [
        ('age', 'age_years'), ('female', "case when candidate.sex_code = '2' then 1 else 0 end"),
        ('imd_decile', 'imd_decile'), ('cambridge_score', 'cambridge_score'),
        ('efi_deficits', 'efi_deficit_count'), ('emergency_admissions', 'emergency_admission_count'),
        ('cost_pounds', 'cost_pounds'),
    ] %}
    select
        described.design,
        described.intervention_id,
        '{{ variable }}' as variable,
        described.side,
        described.weight,
        cast({{ value if 'case' in value else 'candidate.' ~ value }} as double) as value
    from described
    inner join {{ ref('intervention_candidate') }} as candidate
        on
            described.intervention_id = candidate.intervention_id
            and described.person_id = candidate.person_id
            and described.index_date = candidate.index_date
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

summed as (

    select
        design,
        intervention_id,
        variable,
        {%- for side in ['exposed', 'comparison'] %}
        {{ exact_sum("case when side = '" ~ side ~ "' then weight * value end") }}
        / sum(case when side = '{{ side }}' and value is not null then weight end) as {{ side }}_mean,
        {{ exact_sum("case when side = '" ~ side ~ "' then weight * value * value end") }}
        / sum(case when side = '{{ side }}' and value is not null then weight end) as {{ side }}_square,
        {%- endfor %}
        count(*) as rows_of_pairs
    from measured
    group by design, intervention_id, variable

)

select
    intervention_id,
    design,
    variable,
    round(exposed_mean, 6) as exposed_mean,
    round(comparison_mean, 6) as comparison_mean,
    round(
        (exposed_mean - comparison_mean) / nullif(
            sqrt(
                greatest(
                    exposed_square - power(exposed_mean, 2) + comparison_square - power(comparison_mean, 2), 0
                ) / 2
            ), 0
        ), 6
    ) as standardised_difference
from summed
