-- One row per unit without a number and person of a known NHS number that it may be: the weight of the best
-- pair of their profiles, and what follows. The best person is the unit's where he is heavy enough and
-- leads the second by a margin; else nobody is chosen (ambiguous), or nobody was good enough (possible).
with units as (

    select distinct
        unit_id,
        profile_id
    from {{ ref('linkage_unit') }}
    where number_by_local_id is null

),

candidates as (

    select
        units.unit_id,
        number.nhs_number,
        max(pair.weight) as weight
    from units
    inner join {{ ref('linkage_pair') }} as pair
        on units.profile_id = pair.profile_id
    inner join {{ ref('linkage_number') }} as number
        on pair.other_profile_id = number.profile_id and number.is_trusted
    group by units.unit_id, number.nhs_number

),

ranked as (

    select
        candidates.*,
        row_number() over (partition by unit_id order by weight desc, nhs_number) as place,
        max(weight) over (partition by unit_id) as best_weight
    from candidates

),

leads as (

    select
        unit_id,
        max(case when place = 1 then weight end) - max(case when place = 2 then weight end) as lead_weight
    from ranked
    group by unit_id

)

select
    ranked.unit_id,
    ranked.nhs_number,
    ranked.weight,
    ranked.place,
    leads.lead_weight,
    case
        when ranked.best_weight < {{ linkage_threshold('match') }} then 'possible'
        when leads.lead_weight < {{ linkage_threshold('margin') }} then 'ambiguous'
        else 'match'
    end as decision
from ranked
inner join leads
    on ranked.unit_id = leads.unit_id
