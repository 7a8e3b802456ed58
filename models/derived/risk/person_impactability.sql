-- One row per person at rising risk (the band moderate: 5 to 20 % of people) on the day of as_of, with
-- points for what can be changed and the place that they give in the primary care network (F 4.8). As many
-- are listed as the network has room for. Points are a way to sort a list for a clinician, no estimate of
-- benefit.
with rising as (

    select
        score.person_id,
        score.index_date,
        score.probability,
        coalesce(profile.pcn_code, 'unknown') as pcn_code
    from {{ ref('risk_score') }} as score
    inner join {{ ref('person_profile') }} as profile
        on score.person_id = profile.person_id and score.index_date = profile.index_date
    where score.role = 'score' and score.risk_band = 'moderate'

),

added as (

    select
        person_id,
        sum(points) as points,
        sum(case when is_gap then 1 else 0 end) as open_gap_count,
        {{ dbt.listagg('words', "'; '", 'order by points desc, counts_as') }} as reasons
    from {{ ref('impactability_point') }}
    group by person_id

),

room as (

    select
        profile.pcn_code,
        ceil(count(*) * max(coalesce(own.people_per_1000, usual.people_per_1000)) / 1000.0) as capacity
    from {{ ref('person_profile') }} as profile
    inner join {{ ref('impactability_capacity') }} as usual
        on usual.pcn_code = 'any'
    left join {{ ref('impactability_capacity') }} as own
        on profile.pcn_code = own.pcn_code
    where profile.is_current
    group by profile.pcn_code

),

placed as (

    select
        rising.*,
        coalesce(added.points, 0) as points,
        coalesce(added.open_gap_count, 0) as open_gap_count,
        added.reasons,
        row_number() over (
            partition by rising.pcn_code
            order by coalesce(added.points, 0) desc, rising.probability desc, rising.person_id
        ) as place_in_pcn
    from rising
    left join added
        on rising.person_id = added.person_id

)

select
    placed.person_id,
    placed.index_date,
    placed.pcn_code,
    placed.probability,
    cast(placed.points as integer) as points,
    cast(placed.open_gap_count as integer) as open_gap_count,
    placed.reasons,
    cast(placed.place_in_pcn as integer) as place_in_pcn,
    coalesce(placed.points > 0 and placed.place_in_pcn <= room.capacity, false) as is_listed
from placed
left join room
    on placed.pcn_code = room.pcn_code
