-- One row per pair of profiles that may be one person: a profile without a number, and another (or itself,
-- as other records give it). Fellegi and Sunter: weights of the levels are added to the prior (F 9.2).
-- Members of a household share name, address and practice, so given name and birth date must each at least
-- resemble each other, and one of them must be known; other pairs are left out, and so are those lighter
-- than stewards need to see.
{%- set comparisons = linkage_comparisons() %}
with weights as (
    {{ linkage_weights() }}
),

unresolved as (

    select distinct profile_id
    from {{ ref('linkage_unit') }}
    where number_by_local_id is null

),

profiles as (

    select
        profile.*,
        unresolved.profile_id is not null as is_unresolved
    from {{ ref('linkage_profile') }} as profile
    left join unresolved
        on profile.profile_id = unresolved.profile_id

),

wanted as (
    {% for columns in linkage_blocks() %}
    select
        profile_id,
        '{{ loop.index }}|' || {{ columns | join(" || '|' || ") }} as block
    from profiles
    where is_unresolved and {{ columns | join(' is not null and ') }} is not null
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

offered as (

    select
        keyed.profile_id,
        keyed.block
    from (
        {% for columns in linkage_blocks() %}
        select
            profile_id,
            '{{ loop.index }}|' || {{ columns | join(" || '|' || ") }} as block
        from profiles
        {{ 'union all' if not loop.last }}
        {%- endfor %}
    ) as keyed
    where exists (select 1 from wanted where wanted.block = keyed.block)

),

blocks as (

    select block
    from offered
    group by block
    having count(*) <= {{ linkage_threshold('block_size') }}

),

pairs as (

    select distinct
        wanted.profile_id,
        offered.profile_id as other_profile_id
    from wanted
    inner join blocks
        on wanted.block = blocks.block
    inner join offered
        on wanted.block = offered.block

),

compared as (

    select
        pairs.profile_id,
        pairs.other_profile_id,
        {{ linkage_levels(comparisons, 'one', 'other') }}
    from pairs
    inner join profiles as one
        on pairs.profile_id = one.profile_id
    inner join profiles as other
        on pairs.other_profile_id = other.profile_id

),

weighed as (

    select
        compared.*,
        weights.prior
        {%- for comparison in comparisons %}
        + {{ weight_of_level(comparison, 'compared.' ~ comparison.name ~ '_level') }}
        {%- endfor %} as weight
    from compared
    cross join weights
    where
        coalesce(compared.given_name_level, 1) > 0
        and coalesce(compared.birth_date_level, 1) > 0
        and coalesce(compared.given_name_level, compared.birth_date_level) is not null

)

select
    profile_id,
    other_profile_id,
    {%- for comparison in comparisons %}
    {{ comparison.name }}_level,
    {%- endfor %}
    weight
from weighed
where weight >= {{ linkage_threshold('review') }}
