-- One row per design, intervention, person who took part and person beside whom the person is held (F
-- 4.14): the ten nearest in morbidity of the same age band, sex, frailty, fifth of deprivation and month
-- end, and in the design prior_use with as many emergency admissions in the 12 months before. One may
-- stand beside several.
with paired as (

    select
        exposed.intervention_id,
        exposed.person_id,
        exposed.index_date,
        exposed.exposed_on,
        other.person_id as comparison_person_id,
        exposed.admissions_band = other.admissions_band as is_same_use,
        abs(exposed.cambridge_score - other.cambridge_score) as distance
    from {{ ref('intervention_candidate') }} as exposed
    inner join {{ ref('intervention_candidate') }} as other
        on
            exposed.intervention_id = other.intervention_id
            and exposed.index_date = other.index_date
            and exposed.cell = other.cell
    where exposed.is_exposed and not other.is_exposed

),

-- Of equally near ones by a hash: the same on each run, and in no other order.
ranked as (

    {%- for design in ['prior_use', 'characteristics'] %}
    select
        '{{ design }}' as design,
        paired.*,
        row_number() over (
            partition by paired.intervention_id, paired.person_id
            order by
                paired.distance,
                {{ dbt.hash("paired.person_id || ' ' || paired.comparison_person_id") }},
                paired.comparison_person_id
        ) as place
    from paired
    {{ 'where paired.is_same_use' if design == 'prior_use' }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

nearest as (

    select * from ranked
    where place <= 10

)

select
    design,
    intervention_id,
    person_id,
    index_date,
    exposed_on,
    comparison_person_id,
    cast(1 as double) / count(*) over (partition by design, intervention_id, person_id) as weight
from nearest
