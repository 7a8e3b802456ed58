-- One row per record without a trusted NHS number, and the unit as part of which it looks for its person: all
-- records of one local number, where none of them has a trusted NHS number; else the record alone. Where the
-- issuer has seen the local number with exactly one trusted NHS number, that is the record's.
with records as (

    select
        records.feed_table,
        records.record_id,
        records.issuer,
        records.local_patient_id,
        records.profile_id,
        case when number.is_trusted then records.usable_nhs_number end as nhs_number,
        coalesce(not number.is_trusted, false) as is_contradicted
    from {{ ref('person_record') }} as records
    left join {{ ref('linkage_number') }} as number
        on
            records.usable_nhs_number = number.nhs_number
            and records.profile_id = number.profile_id

),

-- Least and greatest tell whether there is one number only, at less cost than a count of different ones.
local_numbers as (

    select
        issuer,
        local_patient_id,
        min(nhs_number) as nhs_number,
        max(nhs_number) as last_nhs_number
    from records
    where local_patient_id is not null
    group by issuer, local_patient_id

)

select
    records.feed_table,
    records.record_id,
    records.profile_id,
    case when local_numbers.nhs_number = local_numbers.last_nhs_number then local_numbers.nhs_number end
        as number_by_local_id,
    records.is_contradicted,
    case
        when local_numbers.issuer is not null and local_numbers.nhs_number is null
            then 'local:' || records.issuer || ':' || records.local_patient_id
        else 'record:' || records.feed_table || ':' || records.record_id
    end as unit_id,
    coalesce(source.rank, 999) as source_rank
from records
left join local_numbers
    on
        records.issuer = local_numbers.issuer
        and records.local_patient_id = local_numbers.local_patient_id
left join {{ ref('linkage_source') }} as source
    on records.issuer = source.issuer
where records.nhs_number is null
