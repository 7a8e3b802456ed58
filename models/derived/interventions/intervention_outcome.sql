-- One row per design, intervention, side, person and stretch of time (F 4.14): emergency admissions and
-- years that the person was followed, weighted. before_far and before_near are the two halves of the year
-- before the day on which the person, or the one beside whom the person stands, began; that day itself
-- counts nowhere.
with side as (

    select distinct
        design,
        intervention_id,
        'exposed' as side,
        person_id,
        exposed_on,
        cast(1 as double) as weight
    from {{ ref('intervention_match') }}
    union all
    select
        design,
        intervention_id,
        'comparison' as side,
        comparison_person_id as person_id,
        exposed_on,
        {{ exact_sum('weight') }} as weight
    from {{ ref('intervention_match') }}
    group by design, intervention_id, comparison_person_id, exposed_on

),

history as (

    select min(activity.on_date) as first_date
    from {{ ref('costed_activity') }} as activity
    where activity.activity = 'ed_attendance'

),

followed as (

    select distinct
        candidate.intervention_id,
        candidate.person_id,
        candidate.followed_until
    from {{ ref('intervention_candidate') }} as candidate

),

-- First day, and the first day after.
stretch as (

    {%- set year_before = days_add(-365, 'side.exposed_on') %}
    {%- set half_before = days_add(-182, 'side.exposed_on') %}
    {%- for period, first_day, end_day in [
        ('before_far', 'greatest(' ~ year_before ~ ', history.first_date)', half_before),
        ('before_near', 'greatest(' ~ half_before ~ ', history.first_date)', 'side.exposed_on'),
        ('after', days_add(1, 'side.exposed_on'), days_add(1, 'followed.followed_until')),
    ] %}
    select
        side.*,
        '{{ period }}' as period,
        {{ first_day }} as first_day,
        {{ end_day }} as end_day
    from side
    inner join followed
        on side.intervention_id = followed.intervention_id and side.person_id = followed.person_id
    cross join history
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

seen as (

    select
        stretch.design,
        stretch.intervention_id,
        stretch.side,
        stretch.person_id,
        stretch.period,
        stretch.exposed_on,
        stretch.weight,
        {{ days_between('stretch.first_day', 'stretch.end_day') }} / 365.25 as years,
        sum(coalesce(activity.activity_count, 0)) as admissions
    from stretch
    left join {{ ref('costed_activity') }} as activity
        on
            stretch.person_id = activity.person_id
            and activity.activity = 'emergency_admission'
            and stretch.first_day <= activity.on_date
            and stretch.end_day > activity.on_date
    where stretch.first_day < stretch.end_day
    group by
        stretch.design, stretch.intervention_id, stretch.side, stretch.person_id, stretch.period,
        stretch.exposed_on, stretch.weight, stretch.first_day, stretch.end_day

)

select
    design,
    intervention_id,
    side,
    person_id,
    period,
    {{ exact_sum('weight * admissions') }} as admissions,
    {{ exact_sum('weight * years') }} as years
from seen
group by design, intervention_id, side, person_id, period
