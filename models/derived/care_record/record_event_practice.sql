-- One row per event of a person at a practice, for the shared record: appointment, coded entry, medication
-- (once for a repeat, at its first issue; each issue of what is not). A view: care_record_event is the table.
{{ config(materialized='view') }}
{% set order_of_issue = 'cast(issued_on as ' ~ dbt.type_string() ~ ') || medication_order_id' %}
with repeat_medicine as (

    select
        person_id,
        coalesce(dmd_code, medication_name) as medicine,
        min(issued_on) as first_issued_on,
        max(issued_on) as last_issued_on,
        count(*) as issues,
        max(dmd_code) as dmd_code,
        max(medication_name) as medication_name,
        {{ latest_value('gp_practice_code', order_of_issue) }} as gp_practice_code,
        max(feed_table) as feed_table
    from {{ ref('medication_order') }}
    where is_repeat and person_id is not null and issued_on is not null
    group by person_id, coalesce(dmd_code, medication_name)

)

select
    person_id,
    'gp_appointment' as event_type,
    gp_appointment_id as source_id,
    {{ local_to_utc('starts_at_local') }} as event_at,
    starts_at_local as event_at_local,
    cast(starts_at_local as date) as event_date,
    gp_practice_code as organisation_code,
    'Appointment at the practice'
    || case mode_code
        when 'face_to_face' then ', face to face'
        when 'telephone' then ', by telephone'
        when 'home_visit' then ', home visit'
        when 'online' then ', online'
        else ''
    end
    || case staff_group
        when 'gp' then ', with a GP'
        when 'other_staff' then ', with other staff'
        else ''
    end
    || case status_group
        when 'dna' then ': did not attend'
        when 'unknown' then ''
        else ': ' || status_group
    end as title,
    cast(null as {{ dbt.type_string() }}) as code_system,
    cast(null as {{ dbt.type_string() }}) as code,
    slot_category as value_text,
    cast(null as {{ dbt.type_string() }}) as leads_from,
    feed_table,
    cast(null as timestamp) as received_at
from {{ ref('gp_appointment') }}
where person_id is not null and starts_at_local is not null
union all
select
    entry.person_id,
    case
        when entry.cluster_id = 'ALLERGY_COD' then 'allergy'
        when entry.is_problem then 'problem'
        when entry.value_text is not null then 'measurement'
        else 'coded_entry'
    end as event_type,
    entry.clinical_event_id as source_id,
    cast(null as timestamp) as event_at,
    cast(null as timestamp) as event_at_local,
    entry.event_date,
    entry.gp_practice_code as organisation_code,
    entry.label as title,
    'snomed' as code_system,
    entry.snomed_code as code,
    coalesce(
        entry.value_text, 'ended on ' || cast(entry.problem_ended_on as {{ dbt.type_string() }})
    ) as value_text,
    cast(null as {{ dbt.type_string() }}) as leads_from,
    entry.feed_table,
    entry.received_at
from {{ ref('record_gp_entry') }} as entry
union all
select
    person_id,
    'medication_start' as event_type,
    person_id || '|' || medicine as source_id,
    cast(null as timestamp) as event_at,
    cast(null as timestamp) as event_at_local,
    first_issued_on as event_date,
    gp_practice_code as organisation_code,
    'Repeat medication begins: ' || coalesce(medication_name, medicine) as title,
    case when dmd_code is not null then 'dmd' end as code_system,
    dmd_code as code,
    cast(issues as {{ dbt.type_string() }}) || ' issues, last on '
    || cast(last_issued_on as {{ dbt.type_string() }}) as value_text,
    cast(null as {{ dbt.type_string() }}) as leads_from,
    feed_table,
    cast(null as timestamp) as received_at
from repeat_medicine
where medicine is not null
union all
select
    person_id,
    'medication_issue' as event_type,
    medication_order_id as source_id,
    cast(null as timestamp) as event_at,
    cast(null as timestamp) as event_at_local,
    issued_on as event_date,
    gp_practice_code as organisation_code,
    'Medication: ' || coalesce(medication_name, 'dm+d ' || dmd_code, 'not named') as title,
    case when dmd_code is not null then 'dmd' end as code_system,
    dmd_code as code,
    {{ regex_replace('cast(quantity as ' ~ dbt.type_string() ~ ')', '[.]0$') }}
    || coalesce(' ' || quantity_unit, '') as value_text,
    cast(null as {{ dbt.type_string() }}) as leads_from,
    feed_table,
    cast(null as timestamp) as received_at
from {{ ref('medication_order') }}
where not coalesce(is_repeat, false) and person_id is not null and issued_on is not null
