-- One row per primary care network: people at rising risk, how many have something to change, and how many
-- the list for direct care names (F 4.8). People who have opted out are left out here; they are on the
-- lists of those who care for them.
select
    impact.pcn_code,
    max(impact.index_date) as index_date,
    cast(count(*) as integer) as rising_risk_people,
    cast(sum(case when impact.points > 0 then 1 else 0 end) as integer) as changeable_people,
    cast(sum(case when impact.open_gap_count > 0 then 1 else 0 end) as integer) as open_gap_people,
    cast(sum(case when impact.is_listed then 1 else 0 end) as integer) as listed_people,
    round(avg(impact.points), 6) as points_mean,
    {{ exact_sum('impact.probability') }} as expected_admitted_people
from {{ ref('person_impactability') }} as impact
inner join {{ ref('person_for_research_and_planning') }} as allowed
    on impact.person_id = allowed.person_id
group by impact.pcn_code
