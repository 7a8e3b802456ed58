-- One row per record of a person (feed table and record): the person it is about, and how we know.
-- Deterministic: a usable NHS number; else the local number, where its issuer has seen it with exactly one
-- usable NHS number; else name, birth date and postcode, where all records that share them and have a
-- usable NHS number have the same one. ZZ99 is no address (F 1.5), so it is no postcode here.
with records as (

    select
        feed_table,
        record_id,
        issuer,
        local_patient_id,
        {{ usable_nhs_number('nhs_number', 'nhs_number_status_code') }} as nhs_number,
        {{ name_key('family_name') }}
        || '|' || {{ name_key('given_name') }}
        || '|' || cast(birth_date as {{ dbt.type_string() }})
        || '|' || case when postcode not like 'ZZ99%' then postcode end as demographics
    from {{ ref('person_record') }}

),

-- Least and greatest tell whether there is one number only, at less cost than a count of different ones.
known_demographics as (

    select
        demographics,
        min(nhs_number) as nhs_number,
        max(nhs_number) as last_nhs_number
    from records
    where demographics is not null and nhs_number is not null
    group by demographics

),

-- What the records of a local number say together; the numbers that their demographics point to count where
-- none of them has an NHS number.
local_numbers as (

    select
        records.issuer,
        records.local_patient_id,
        case when min(records.nhs_number) = max(records.nhs_number) then min(records.nhs_number) end
            as nhs_number,
        count(records.nhs_number) = 0 as has_no_nhs_number,
        case
            when min(known_demographics.nhs_number) = max(known_demographics.last_nhs_number)
                then min(known_demographics.nhs_number)
        end as namesake_number
    from records
    left join known_demographics
        on records.demographics = known_demographics.demographics
    where records.local_patient_id is not null
    group by records.issuer, records.local_patient_id

),

found as (

    select
        records.feed_table,
        records.record_id,
        records.issuer,
        records.local_patient_id,
        records.nhs_number,
        local_numbers.nhs_number as number_by_local_id,
        case
            when local_numbers.has_no_nhs_number then local_numbers.namesake_number
            when known_demographics.nhs_number = known_demographics.last_nhs_number
                then known_demographics.nhs_number
        end as number_by_name,
        coalesce(local_numbers.has_no_nhs_number, false) as is_known_by_local_id_only
    from records
    left join local_numbers
        on
            records.issuer = local_numbers.issuer
            and records.local_patient_id = local_numbers.local_patient_id
    left join known_demographics
        on records.demographics = known_demographics.demographics

),

identified as (

    select
        feed_table,
        record_id,
        case
            when nhs_number is not null then 'nhs_number'
            when number_by_local_id is not null then 'local_patient_id'
            when number_by_name is not null then 'name_birth_postcode'
            else 'unmatched'
        end as match_method,
        coalesce(
            'nhs:' || coalesce(nhs_number, number_by_local_id, number_by_name),
            case when is_known_by_local_id_only then 'local:' || issuer || ':' || local_patient_id end,
            'record:' || feed_table || ':' || record_id
        ) as identity
    from found

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
