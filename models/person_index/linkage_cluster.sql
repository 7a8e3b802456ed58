-- One row per unit that no known person matches: the first unit of those that are one person with it. The
-- smallest label passes from profile to profile that match; where a chain is longer than the passes, its ends
-- stay apart, which is the safe side. A label is the rank of the unit's source and its id.
{%- set passes = 4 %}
with matched as (

    select distinct unit_id
    from {{ ref('linkage_candidate') }}
    where decision <> 'possible'

),

units as (

    select distinct
        unit.unit_id,
        unit.profile_id,
        lpad(cast(unit.source_rank as {{ dbt.type_string() }}), 4, '0') || ':' || unit.unit_id as label
    from {{ ref('linkage_unit') }} as unit
    left join matched
        on unit.unit_id = matched.unit_id
    where unit.number_by_local_id is null and matched.unit_id is null

),

profiles as (

    select distinct profile_id
    from units

),

edges as (

    select
        pair.profile_id,
        pair.other_profile_id
    from {{ ref('linkage_pair') }} as pair
    inner join profiles as one
        on pair.profile_id = one.profile_id
    inner join profiles as other
        on pair.other_profile_id = other.profile_id
    where pair.weight >= {{ linkage_threshold('match') }}

),

unit_0 as (

    select
        unit_id,
        min(label) as label
    from units
    group by unit_id

)

{%- for pass in range(1, passes + 1) %},

profile_{{ pass }} as (

    select
        units.profile_id,
        min(unit.label) as label
    from units
    inner join unit_{{ pass - 1 }} as unit
        on units.unit_id = unit.unit_id
    group by units.profile_id

),

seen_{{ pass }} as (

    select
        edges.profile_id,
        min(profile.label) as label
    from edges
    inner join profile_{{ pass }} as profile
        on edges.other_profile_id = profile.profile_id
    group by edges.profile_id

),

unit_{{ pass }} as (

    select
        units.unit_id,
        least(min(unit.label), coalesce(min(seen.label), min(unit.label))) as label
    from units
    inner join unit_{{ pass - 1 }} as unit
        on units.unit_id = unit.unit_id
    left join seen_{{ pass }} as seen
        on units.profile_id = seen.profile_id
    group by units.unit_id

)
{%- endfor %}

select
    unit_id,
    substr(label, 6) as first_unit_id
from unit_{{ passes }}
