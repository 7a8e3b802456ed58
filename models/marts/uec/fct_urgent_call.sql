-- One row per call to NHS 111 or case of 111 online.
with person as (

    {{ person_for_secondary_use('urgent_call') }}

)

select
    {{ pseudonym('secondary_use', 'urgent_call.urgent_call_id') }} as urgent_call_key,
    person.person_key,
    urgent_call.organisation_code,
    cast(urgent_call.offered_at_local as date) as offered_date,
    cast(extract(hour from urgent_call.offered_at_local) as integer) as offered_hour,
    urgent_call.channel,
    {{ person_columns('urgent_call') }},
    urgent_call.is_answered,
    cast(urgent_call.answer_wait_seconds as integer) as answer_wait_seconds,
    urgent_call.is_abandoned_after_30s,
    urgent_call.is_triaged,
    urgent_call.triaged_by,
    urgent_call.had_clinical_input,
    urgent_call.disposition_code,
    urgent_call.disposition_group,
    urgent_call.is_revalidated,
    urgent_call.booked_service
from {{ ref('urgent_call') }} as urgent_call
left join person
    on urgent_call.person_id = person.person_id
