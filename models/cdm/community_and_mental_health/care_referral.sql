-- One row per referral to a community or mental-health service, whoever received it (F 2.10, 2.11). A
-- referral that was recorded twice is one; an end before its beginning is a mistake and says nothing.
select
    care_referral_id,
    person_id,
    organisation_code,
    setting,
    service_type_code,
    source_of_referral_code,
    priority_code,
    reason_code,
    received_at_local,
    has_received_time,
    rejected_on,
    case when closed_on >= cast(received_at_local as date) then closed_on end as closed_on,
    case when closed_on >= cast(received_at_local as date) then close_reason_code end as close_reason_code,
    {{ age_years('birth_date', 'received_at_local') }} as age_years,
    feed_table
from {{ ref('care_referral_record') }}
where care_referral_record_id = care_referral_id
