-- One row per person in secondary use and care standard that is looked at for the person, at as_of (F 3.10).
-- Without the measured value: whoever may act on it finds it in care_list_gap. Who opted out is left out.
with person as (

    select
        person_id,
        {{ pseudonym('population_health', 'person_id') }} as person_key
    from {{ ref('person_for_research_and_planning') }}

)

select
    person.person_key,
    gap.index_date,
    gap.gap_code,
    gap.is_eligible,
    gap.is_excluded,
    gap.exclusion_reasons,
    gap.is_met,
    gap.is_eligible and not gap.is_excluded and not gap.is_met as is_open,
    gap.evidence_date
from {{ ref('care_gap') }} as gap
inner join person
    on gap.person_id = person.person_id
