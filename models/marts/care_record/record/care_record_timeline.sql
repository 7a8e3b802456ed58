-- One row per event of a person over all partners: the longitudinal health and care record (R2.5). Read it in
-- the order event_date, event_at (an event without a time after those with one), event_order, event_id. For
-- direct care only (F 5.4); opt-outs do not apply, codes that law restricts are not there (F 5.6).
-- Measurements of the last 24 months: older ones are in the common data model. A view, since what is ahead
-- and what is old is another every day: care_record_event is the table.
{{ config(materialized='view') }}
with link as (

    -- The event that led to one: of several the first by kind, which is the nearer (an incident before its
    -- call).
    select
        to_event,
        min(from_event) as from_event
    from (
        select
            case link_type
                when 'call_to_ambulance' then 'ambulance_incident:'
                when 'call_to_ed' then 'ed_attendance:'
                when 'ambulance_to_ed' then 'ed_attendance:'
                when 'ed_to_spell' then 'hospital_admission:'
                when 'spell_to_spell' then 'hospital_admission:'
                when 'spell_to_stay' then 'bed_admission:'
                else 'care_package_request:'
            end || to_event_id as to_event,
            case link_type
                when 'call_to_ambulance' then 'urgent_call:'
                when 'call_to_ed' then 'urgent_call:'
                when 'ambulance_to_ed' then 'ambulance_incident:'
                when 'ed_to_spell' then 'ed_attendance:'
                when 'spell_to_spell' then 'hospital_discharge:'
                when 'spell_to_stay' then 'hospital_discharge:'
                when 'spell_to_package' then 'hospital_admission:'
                else 'bed_admission:'
            end || from_event_id as from_event
        from {{ ref('urgent_care_link') }}
    ) as step
    group by to_event

)

select
    event.person_id,
    event.event_date,
    event.event_at,
    cast(event_type.event_order as integer) as event_order,
    event.event_id,
    event.event_at_local,
    event.event_at is not null as has_time,
    event.event_date > {{ as_of_date() }} as is_ahead,
    event.event_type,
    event_type.label as event_label,
    event.organisation_code,
    coalesce(organisation.organisation_name, practice.gp_practice_name) as organisation_name,
    event.title,
    event.code_system,
    event.code,
    event.value_text,
    coalesce(event.leads_from, link.from_event) as linked_event_id,
    event.feed_table,
    event.received_at
from {{ ref('care_record_event') }} as event
inner join {{ ref('care_event_type') }} as event_type
    on event.event_type = event_type.event_type
left join {{ ref('organisation') }} as organisation
    on event.organisation_code = organisation.organisation_code
left join {{ ref('gp_practice') }} as practice
    on event.organisation_code = practice.gp_practice_code
left join link
    on event.event_id = link.to_event
where
    event.event_type <> 'measurement'
    or event.event_date > {{ months_add(-24, as_of_date()) }}
