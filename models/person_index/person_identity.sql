-- One row per record of a person (feed table and record): the person it is about, and how we know.
-- Deterministic: a usable NHS number, else the hospital number where the same site has seen it with
-- exactly one usable NHS number.
with records as (

    select
        feed_table,
        record_id,
        issuer,
        local_patient_id,
        {{ usable_nhs_number('nhs_number', 'nhs_number_status_code') }} as nhs_number
    from {{ ref('person_record') }}

),

hospital_numbers as (

    select
        issuer,
        local_patient_id,
        count(distinct nhs_number) as nhs_number_count,
        min(nhs_number) as nhs_number
    from records
    where local_patient_id is not null
    group by issuer, local_patient_id

),

identified as (

    select
        records.feed_table,
        records.record_id,
        case
            when records.nhs_number is not null then 'nhs_number'
            when hospital_numbers.nhs_number_count = 1 then 'local_patient_id'
            else 'unmatched'
        end as match_method,
        coalesce(
            'nhs:' || records.nhs_number,
            case hospital_numbers.nhs_number_count
                when 1 then 'nhs:' || hospital_numbers.nhs_number
                when 0 then 'local:' || records.issuer || ':' || records.local_patient_id
            end,
            'record:' || records.feed_table || ':' || records.record_id
        ) as identity
    from records
    left join hospital_numbers
        on
            records.issuer = hospital_numbers.issuer
            and records.local_patient_id = hospital_numbers.local_patient_id

),

persons as (

    select
        identity,
        {{ pseudonym('person', 'identity') }} as person_id
    from (select distinct identity from identified) as identities

)

select
    identified.feed_table,
    identified.record_id,
    persons.person_id,
    identified.match_method
from identified
inner join persons on identified.identity = persons.identity
