-- One row per person and index date with a night in a bed in the 12 months that end with the day: nights in
-- acute, community and mental-health beds that begin in them, and what they cost (seed unit_cost, in force
-- on admission). A stay without an end is cut after 1,000 days.
{{ rows_follow_key('person_id', {
    'hospital_spell': 'person_id', 'inpatient_stay': 'person_id',
}, partition='index_date', partitioned=['index_date']) }}
with night as (

    select
        spell.person_id,
        'acute' as bed,
        spell.admission_date as from_date,
        coalesce(spell.discharge_date, {{ no_end() }}) as until_date
    from {{ ref('hospital_spell') }} as spell
    union all
    select
        stay.person_id,
        'other' as bed,
        stay.admitted_on as from_date,
        coalesce(stay.discharged_on, {{ no_end() }}) as until_date
    from {{ ref('inpatient_stay') }} as stay

),

slept as (

    select
        night.person_id,
        night.bed,
        night.from_date,
        index_date.index_date,
        {{ nights_within(
            'night.from_date', 'night.until_date', 'index_date.year_start_date', 'index_date.index_date',
        ) }} as nights
    from night
    inner join {{ ref('index_date') }} as index_date
        on
            night.from_date <= index_date.index_date
            and night.until_date > index_date.year_start_date
            and {{ days_add(1000, 'night.from_date') }} > index_date.index_date
    where night.person_id is not null

)

select
    slept.person_id,
    slept.index_date,
    cast(sum(slept.nights) as integer) as bed_days,
    sum(slept.nights * unit_cost.pounds) as cost_pounds
from slept
inner join {{ ref('unit_cost') }} as unit_cost
    on
        slept.bed || '_bed_night' = unit_cost.activity
        and slept.from_date between unit_cost.valid_from and coalesce(unit_cost.valid_to, {{ no_end() }})
where slept.nights > 0
group by slept.person_id, slept.index_date
