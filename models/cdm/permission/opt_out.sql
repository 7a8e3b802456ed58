-- One row per person and kind of opt-out in force at as_of (F 5.3). Type 1: the latest of the codes counts,
-- a dissent where both are of one moment. National: in the newest answer of the check service, by any NHS
-- number under which any record of the person came. Type 2 no longer exists.
with type_1_code as (

    select
        snomed_code,
        cluster_id = 'OPT_OUT_TYPE_1_DISSENT' as is_dissent
    from {{ ref('code_cluster') }}
    where cluster_id in ('OPT_OUT_TYPE_1_DISSENT', 'OPT_OUT_TYPE_1_WITHDRAWAL')

),

said as (

    select
        clinical_event.person_id,
        type_1_code.is_dissent,
        coalesce(clinical_event.event_date, clinical_event.recorded_on) as said_on,
        row_number() over (
            partition by clinical_event.person_id
            order by
                coalesce(clinical_event.event_date, clinical_event.recorded_on) desc nulls last,
                clinical_event.recorded_on desc nulls last,
                case when type_1_code.is_dissent then 0 else 1 end
        ) as recency
    from {{ ref('clinical_event') }} as clinical_event
    inner join type_1_code
        on clinical_event.snomed_code = type_1_code.snomed_code
    where
        clinical_event.person_id is not null
        -- a code dated after as_of is a slip of the keyboard: it counts from the day of its entry
        and coalesce(clinical_event.recorded_on, clinical_event.event_date) <= {{ as_of_date() }}

)

select
    person_id,
    'type_1' as opt_out_type,
    said_on as since_date
from said
where recency = 1 and is_dissent
union all
select
    person_identity.person_id,
    'national' as opt_out_type,
    min(listed.first_listed_on) as since_date
from {{ ref('stg_nhs_england__national_opt_outs') }} as listed
inner join {{ ref('person_record') }} as person_record
    on listed.nhs_number = person_record.nhs_number
inner join {{ ref('person_identity') }} as person_identity
    on
        person_record.feed_table = person_identity.feed_table
        and person_record.record_id = person_identity.record_id
group by person_identity.person_id
