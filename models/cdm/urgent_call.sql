-- One row per call to NHS 111 or 111 online case. Waits are whole seconds in UTC (F 3.6).
{{ rows_follow_key('urgent_call_id', {'stg_ic24__calls': 'urgent_call_id', 'person_identity': 'record_id'}) }}
with calls as (

    select
        staged.*,
        person_identity.person_id,
        {{ local_to_utc('staged.offered_at_local') }} as offered_at
    from {{ ref('stg_ic24__calls') }} as staged
    {{ left_join_person('staged', 'urgent_call_id') }}

),

timed as (

    select
        calls.*,
        {{ local_to_utc('calls.answered_at_local', not_before='calls.offered_at') }} as answered_at,
        {{ local_to_utc('calls.abandoned_at_local', not_before='calls.offered_at') }} as abandoned_at
    from calls

),

waits as (

    select
        timed.*,
        {{ seconds_between('offered_at', 'answered_at') }} as seconds_to_answer,
        {{ seconds_between('offered_at', 'abandoned_at') }} as seconds_to_abandon
    from timed

)

select
    urgent_call_id,
    'NIC24' as organisation_code,
    person_id,
    {{ age_years('birth_date', 'offered_at_local') }} as age_years,
    sex_code,
    channel,
    offered_at,
    offered_at_local,
    answered_at,
    abandoned_at,
    {{ wait_seconds('seconds_to_answer') }} as answer_wait_seconds,
    {{ wait_seconds('seconds_to_abandon') }} as abandon_wait_seconds,
    answered_at is not null as is_answered,
    -- F 3.6: an abandoned call counts from 30 seconds of queueing; answered wins where a record claims both.
    answered_at is null
    and coalesce({{ wait_seconds('seconds_to_abandon') }} >= 30, false) as is_abandoned_after_30s,
    triaged_by,
    triaged_by is not null and (answered_at is not null or channel = 'online') as is_triaged,
    coalesce(had_clinical_contact, false)
    or coalesce(triaged_by in ('clinical_adviser', 'clinician'), false) as had_clinical_input,
    disposition_code,
    disposition_group,
    is_revalidated,
    booked_service,
    incident_number_key
from waits
