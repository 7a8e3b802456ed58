-- One row per record of a person (feed table and record): the person it is about, and how we know. A trusted
-- NHS number; else the local number, where its issuer has seen it with exactly one; else the one person whom
-- its names, birth date and address fit (linkage_candidate). Who fits nobody is a person of his own, named by
-- the first of the records that fit each other (linkage_cluster), so that ids do not change with new feeds.
with matched as (

    select
        unit_id,
        nhs_number,
        weight
    from {{ ref('linkage_candidate') }}
    where decision = 'match' and place = 1

),

identified as (

    select
        records.feed_table,
        records.record_id,
        case
            when unit.unit_id is null then 'nhs_number'
            when unit.number_by_local_id is not null then 'local_patient_id'
            when matched.unit_id is not null then 'probabilistic'
            else 'unmatched'
        end as match_method,
        case when unit.number_by_local_id is null then matched.weight end as match_weight,
        coalesce(
            'nhs:' || case when unit.unit_id is null then records.usable_nhs_number end,
            'nhs:' || unit.number_by_local_id,
            'nhs:' || matched.nhs_number,
            cluster.first_unit_id,
            unit.unit_id
        ) as identity
    from {{ ref('person_record') }} as records
    left join {{ ref('linkage_unit') }} as unit
        on
            records.feed_table = unit.feed_table
            and records.record_id = unit.record_id
    left join matched
        on unit.unit_id = matched.unit_id
    left join {{ ref('linkage_cluster') }} as cluster
        on unit.unit_id = cluster.unit_id

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
    identified.match_method,
    identified.match_weight
from identified
inner join persons on identified.identity = persons.identity
