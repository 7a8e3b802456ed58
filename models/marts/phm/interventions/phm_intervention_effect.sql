-- One row per intervention and design (F 4.14): emergency admissions before and after of people who took
-- part and of those beside whom they are held, and the difference in differences with its limits: did it
-- work. What the main design finds is told only where the other finds it too. People in secondary use only.
with person as (

    select
        outcome.design,
        outcome.intervention_id,
        outcome.person_id,
        {%- for side in ['exposed', 'comparison'] %}
        {%- for name, periods in [
            ('before', "('before_far', 'before_near')"), ('after', "('after')"), ('far', "('before_far')"),
            ('near', "('before_near')"),
        ] %}
        sum(
            case
                when outcome.side = '{{ side }}' and outcome.period in {{ periods }} then outcome.admissions
            end
        ) as {{ side }}_{{ name }},
        sum(case when outcome.side = '{{ side }}' and outcome.period in {{ periods }} then outcome.years end)
            as {{ side }}_{{ name }}_years,
        {%- endfor %}
        {%- endfor %}
        max(case when outcome.side = 'exposed' then 1 else 0 end) as is_exposed
    from {{ ref('intervention_outcome') }} as outcome
    group by outcome.design, outcome.intervention_id, outcome.person_id

),

-- Squares by person: who comes again and again widens the interval.
summed as (

    select
        design,
        intervention_id,
        {%- for side in ['exposed', 'comparison'] %}
        {%- for name in ['before', 'after', 'far', 'near'] %}
        {{ exact_sum(side ~ '_' ~ name) }} as {{ side }}_{{ name }},
        {{ exact_sum(side ~ '_' ~ name ~ '_years') }} as {{ side }}_{{ name }}_years,
        {{ exact_sum('power(' ~ side ~ '_' ~ name ~ ', 2)') }} as {{ side }}_{{ name }}_squares,
        {%- endfor %}
        {%- endfor %}
        sum(is_exposed) as matched_people,
        sum(1 - is_exposed) as comparison_people
    from person
    group by design, intervention_id

),

compared as (

    select
        summed.*,
        {%- for result, first, second in [('effect', 'before', 'after'), ('trend', 'far', 'near')] %}
        {{ safe_divide('exposed_' ~ second, 'nullif(exposed_' ~ second ~ '_years, 0)') }}
        / nullif({{ safe_divide('exposed_' ~ first, 'exposed_' ~ first ~ '_years') }}, 0)
        / nullif({{ safe_divide('comparison_' ~ second, 'comparison_' ~ second ~ '_years') }}, 0)
        * {{ safe_divide('comparison_' ~ first, 'comparison_' ~ first ~ '_years') }} as {{ result }}_ratio,
        sqrt(
            {%- for side in ['exposed', 'comparison'] %}
            {%- for name in [first, second] %}
            {{ safe_divide(side ~ '_' ~ name ~ '_squares', 'power(' ~ side ~ '_' ~ name ~ ', 2)') }} +
            {%- endfor %}
            {%- endfor %}
            0
        ) as {{ result }}_error,
        {%- endfor %}
        1000 * (
            {{ safe_divide('exposed_after', 'exposed_after_years') }}
            - {{ safe_divide('exposed_before', 'exposed_before_years') }}
            - {{ safe_divide('comparison_after', 'comparison_after_years') }}
            + {{ safe_divide('comparison_before', 'comparison_before_years') }}
        ) as difference,
        1000 * sqrt(
            {{ safe_divide('exposed_before_squares', 'power(exposed_before_years, 2)') }}
            + {{ safe_divide('exposed_after_squares', 'power(exposed_after_years, 2)') }}
            + {{ safe_divide('comparison_before_squares', 'power(comparison_before_years, 2)') }}
            + {{ safe_divide('comparison_after_squares', 'power(comparison_after_years, 2)') }}
        ) as difference_error
    from summed

),

taken_on as (

    select
        exposure.intervention_id,
        count(distinct exposure.person_id) as people,
        count(distinct permitted.person_id) as permitted_people
    from {{ ref('intervention_exposure') }} as exposure
    left join {{ ref('person_for_research_and_planning') }} as permitted
        on exposure.person_id = permitted.person_id
    where exposure.exposed_on < {{ as_of_date() }}
    group by exposure.intervention_id

),

cost as (

    select max(unit_cost.pounds) as pounds
    from {{ ref('unit_cost') }} as unit_cost
    where
        unit_cost.activity = 'emergency_admission'
        and {{ as_of_date() }} >= unit_cost.valid_from
        and {{ as_of_date() }} <= coalesce(unit_cost.valid_to, {{ no_end() }})

)

{%- set spared = 'case when exposed_after >= 10 then exposed_after * (1 / effect_ratio - 1) end' %}

select
    register.intervention_id,
    register.label,
    compared.design,
    {{ is_main_design('compared') }} as is_main,
    {{ as_of_date() }} as index_date,
    cast(taken_on.permitted_people as integer) as exposed_people,
    cast(taken_on.people - taken_on.permitted_people as integer) as left_out_people,
    cast(compared.matched_people as integer) as matched_people,
    cast(compared.comparison_people as integer) as comparison_people,
    {%- for side in ['exposed', 'comparison'] %}
    {%- for name in ['before', 'after'] %}
    round(compared.{{ side }}_{{ name }}, 6) as {{ side }}_{{ name }}_admissions,
    round(compared.{{ side }}_{{ name }}_years, 6) as {{ side }}_{{ name }}_years,
    {%- endfor %}
    {%- endfor %}
    {%- for result in ['effect', 'trend'] %}
    round(compared.{{ result }}_ratio, 6) as {{ result }}_ratio,
    round(compared.{{ result }}_ratio * exp(-1.959964 * compared.{{ result }}_error), 6)
        as {{ result }}_ratio_lower,
    round(compared.{{ result }}_ratio * exp(1.959964 * compared.{{ result }}_error), 6)
        as {{ result }}_ratio_upper,
    {%- endfor %}
    round(compared.difference, 6) as difference_per_1000_years,
    round(compared.difference - 1.959964 * compared.difference_error, 6) as difference_lower,
    round(compared.difference + 1.959964 * compared.difference_error, 6) as difference_upper,
    round({{ spared }}, 6) as admissions_spared,
    round({{ spared }} * cost.pounds, 0) as pounds_spared,
    register.cost_per_person_pounds * compared.matched_people as pounds_spent,
    {{ confirmed_answer('compared') }} as answer
from compared
inner join {{ ref('intervention_register') }} as register
    on compared.intervention_id = register.intervention_id
inner join taken_on
    on compared.intervention_id = taken_on.intervention_id
cross join cost
