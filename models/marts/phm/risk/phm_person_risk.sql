-- One row per person in secondary use: the band of risk at as_of (F 4.7). Neither probability nor rank:
-- whoever may act on them finds them, with the name, in the care record. Who has opted out is left out.
select
    {{ pseudonym('population_health', 'score.person_id') }} as person_key,
    score.index_date,
    score.risk_band,
    score.model_version
from {{ ref('risk_score') }} as score
inner join {{ ref('person_for_research_and_planning') }} as allowed
    on score.person_id = allowed.person_id
where score.role = 'score'
