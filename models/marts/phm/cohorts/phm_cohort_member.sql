-- One row per cohort and person in secondary use who belongs to it at as_of. Who opted out is left out.
with person as (

    select
        permitted.person_id,
        {{ pseudonym('population_health', 'permitted.person_id') }} as person_key
    from {{ ref('person_for_research_and_planning') }} as permitted
    where permitted.person_id in (select member.person_id from {{ ref('cohort_member') }} as member)

)

select
    member.cohort_id,
    person.person_key,
    member.index_date
from {{ ref('cohort_member') }} as member
inner join person
    on member.person_id = person.person_id
