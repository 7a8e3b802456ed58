-- One row per referral, contact, package request and social care event of a person, for the shared record.
-- A view: care_record_event is the table.
{{ config(materialized='view') }}
{% set text = dbt.type_string() %}
with service as (

    select
        code_list,
        code,
        label
    from {{ ref('code_value') }}
    where
        code_list in (
            'mh_service_type', 'community_service_type', 'mh_referral_reason', 'community_referral_reason'
        )

),

care_event as (

    select
        referral.person_id,
        'care_referral' as event_type,
        referral.care_referral_id as source_id,
        case when referral.has_received_time then referral.received_at_local end as event_at_local,
        cast(referral.received_at_local as date) as event_date,
        referral.organisation_code,
        'Referred to ' || coalesce(
            service.label,
            case referral.setting when 'community' then 'a community' else 'a mental-health' end || ' service'
        )
        || coalesce(': ' || lower(reason.label), '')
        || case when referral.rejected_on is not null then ' (turned down)' else '' end as title,
        case when referral.reason_code is not null then referral.setting || '_referral_reason' end
            as code_system,
        referral.reason_code as code,
        'closed on ' || cast(referral.closed_on as {{ text }}) as value_text,
        cast(null as {{ text }}) as leads_from,
        referral.feed_table
    from {{ ref('care_referral') }} as referral
    left join service
        on
            referral.service_type_code = service.code
            and service.code_list
            = case referral.setting when 'community' then 'community_service_type' else 'mh_service_type' end
    left join service as reason
        on
            referral.reason_code = reason.code
            and reason.code_list
            = case
                when referral.setting = 'community' then 'community_referral_reason'
                else 'mh_referral_reason'
            end
    where referral.received_at_local is not null
    union all
    select
        contact.person_id,
        'care_contact' as event_type,
        contact.care_contact_id as source_id,
        case when contact.has_contact_time then contact.contact_at_local end as event_at_local,
        cast(contact.contact_at_local as date) as event_date,
        contact.organisation_code,
        case contact.setting when 'community' then 'Community' else 'Mental-health' end || ' contact'
        || coalesce(', ' || lower(mechanism.label), '')
        || coalesce(': ' || lower(attendance.label), '') as title,
        cast(null as {{ text }}) as code_system,
        cast(null as {{ text }}) as code,
        cast(contact.duration_minutes as {{ text }}) || ' minutes' as value_text,
        'care_referral:' || contact.care_referral_id as leads_from,
        contact.feed_table
    from {{ ref('care_contact') }} as contact
    {{ left_join_code('consultation_mechanism', 'contact.mechanism_code', 'mechanism') }}
    {{ left_join_code('care_attendance', 'contact.attendance_code', 'attendance') }}
    where contact.contact_at_local is not null
    union all
    select
        request.person_id,
        'care_package_request' as event_type,
        request.care_package_request_id as source_id,
        cast(null as timestamp) as event_at_local,
        request.requested_on as event_date,
        request.organisation_code,
        'Package of care asked for' || coalesce(': ' || lower(package.label), '')
        || coalesce(', ' || request.status_code, '') as title,
        case when request.package_type_code is not null then 'care_package_type' end as code_system,
        request.package_type_code as code,
        cast(request.hours_per_week as {{ text }}) || ' hours a week' as value_text,
        cast(null as {{ text }}) as leads_from,
        case request.organisation_code when 'E06000033' then 'brokerage_journal' else 'packages_awaited' end
            as feed_table
    from {{ ref('care_package_request') }} as request
    {{ left_join_code('care_package_type', 'request.package_type_code', 'package') }}
    where request.requested_on is not null
    union all
    select
        social.person_id,
        'social_care_' || social.event_type as event_type,
        social.social_care_event_id as source_id,
        cast(null as timestamp) as event_at_local,
        social.started_on as event_date,
        social.organisation_code,
        case social.event_type
            when 'request'
                then 'Request for social care' || coalesce(' (' || lower(social.route_of_access) || ')', '')
            when 'assessment' then coalesce(social.assessment_type, 'Social care assessment')
            when 'review' then 'Social care review'
            else coalesce(social.service_component, social.service_type, 'Social care service') || ' begins'
        end as title,
        cast(null as {{ text }}) as code_system,
        cast(null as {{ text }}) as code,
        coalesce(social.event_outcome, 'until ' || cast(social.ended_on as {{ text }})) as value_text,
        cast(null as {{ text }}) as leads_from,
        social.feed_table
    from {{ ref('social_care_event') }} as social
    where social.started_on is not null

)

select
    person_id,
    event_type,
    source_id,
    {{ local_to_utc('event_at_local') }} as event_at,
    event_at_local,
    event_date,
    organisation_code,
    title,
    code_system,
    code,
    value_text,
    leads_from,
    feed_table,
    cast(null as timestamp) as received_at
from care_event
where person_id is not null
