-- Open pathways on each census Sunday, newest version of each line of a list, in standard codes. Who waits
-- is said once a pathway, in stg_mseft__waiting_list_patients: a list repeats it every week.
{{ rows_follow_key(
    ['week_ending_date', 'pathway_number'],
    {'mseft.waiting_list': ['week_ending_date', 'pathway_number']}
) }}
with records as (

    {{ current_records('mseft', 'waiting_list') }}

)

select
    'waiting_list' as feed_table,
    week_ending_date,
    {{ standard_code('mseft', 'waiting_list', 'issuer_code') }}
    || ':' || pathway_number || '/' || referral_number as pathway_id,
    pathway_number,
    issuer_code as sent_issuer_code,
    waiting_list_type_code as sent_waiting_list_type_code,
    {{ standard_code('mseft', 'waiting_list', 'waiting_list_type_code') }} as waiting_list_type_code,
    clock_start_date,
    rtt_status_code,
    referral_received_date,
    referral_source_code,
    treatment_function_code,
    {{ standard_code('mseft', 'waiting_list', 'site_code') }} as site_code,
    {{ standard_code('mseft', 'waiting_list', 'priority_code') }} as priority_code,
    {{ standard_code('mseft', 'waiting_list', 'procedure_priority_code') }} as procedure_priority_code,
    decided_to_admit_on,
    tci_date,
    next_appointment_date,
    last_attended_on,
    last_validated_on,
    _batch_id as batch_id,
    _received_at as received_at
from records
