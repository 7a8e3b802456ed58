-- One row per record and person whom a steward should look at: several persons fit a record without an NHS
-- number and none leads (several_candidates), one fits but not well enough (weak_match), or the record has
-- the NHS number of somebody whom it does not describe (number_contradicted). Direct care only.
with doubts as (

    select
        unit.feed_table,
        unit.record_id,
        candidate.nhs_number,
        candidate.weight,
        case candidate.decision when 'ambiguous' then 'several_candidates' else 'weak_match' end as reason
    from {{ ref('linkage_candidate') }} as candidate
    inner join {{ ref('linkage_unit') }} as unit
        on candidate.unit_id = unit.unit_id and unit.number_by_local_id is null
    where candidate.decision <> 'match'

    union all

    select
        records.feed_table,
        records.record_id,
        number.nhs_number,
        number.weight,
        'number_contradicted' as reason
    from {{ ref('person_record') }} as records
    inner join {{ ref('linkage_number') }} as number
        on
            records.usable_nhs_number = number.nhs_number
            and records.profile_id = number.profile_id
            and not number.is_trusted

)

select
    doubts.feed_table,
    doubts.record_id,
    identity.person_id,
    {{ pseudonym('person', "'nhs:' || doubts.nhs_number") }} as candidate_person_id,
    doubts.weight,
    doubts.reason
from doubts
inner join {{ ref('person_identity') }} as identity
    on
        doubts.feed_table = identity.feed_table
        and doubts.record_id = identity.record_id
