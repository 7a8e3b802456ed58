-- One row per kind of link, month, site and method: how many events ought to have another step in another
-- record, and how many were matched to one (F 9.2 expects 75-90 % from ambulance to ED, 95 % from ED to
-- spell). Calls, ambulances and attendances look forward to their next step; what says that it came from
-- elsewhere (a transfer, a stay from an acute ward, a request made in a hospital bed) looks back.
with candidate as (

    select
        'call_to_ambulance' as link_type,
        urgent_call_id as event_id,
        cast(offered_at_local as date) as event_date,
        organisation_code,
        'ALL' as site_code
    from {{ ref('urgent_call') }}
    where disposition_group = 'ambulance'
    union all
    select
        'call_to_ed' as link_type,
        urgent_call_id as event_id,
        cast(offered_at_local as date) as event_date,
        organisation_code,
        'ALL' as site_code
    from {{ ref('urgent_call') }}
    where disposition_group = 'ed'
    union all
    select
        'ambulance_to_ed' as link_type,
        ambulance_incident_id as event_id,
        cast(call_connect_at_local as date) as event_date,
        receiving_organisation_code as organisation_code,
        receiving_site_code as site_code
    from {{ ref('ambulance_incident') }}
    where
        is_conveyed_to_ed
        and is_counted
        and receiving_site_code is not null
        and receiving_organisation_code is not null
    union all
    select
        'ed_to_spell' as link_type,
        ed_attendance_id as event_id,
        cast(arrived_at_local as date) as event_date,
        organisation_code,
        site_code
    from {{ ref('ed_attendance') }}
    where is_admitted and is_counted
    union all
    select
        'spell_to_spell' as link_type,
        hospital_spell_id as event_id,
        admission_date as event_date,
        organisation_code,
        site_code
    from {{ ref('hospital_spell') }}
    where admission_method_code = '81'
    union all
    select
        'spell_to_stay' as link_type,
        inpatient_stay_id as event_id,
        admitted_on as event_date,
        organisation_code,
        coalesce(site_code, 'ALL') as site_code
    from {{ ref('inpatient_stay') }}
    where admission_source_code = '51'
    union all
    select
        case when first_location_code = 'acute_bed' then 'spell_to_package' else 'stay_to_package' end
            as link_type,
        care_package_request_id as event_id,
        requested_on as event_date,
        organisation_code,
        'ALL' as site_code
    from {{ ref('care_package_request') }}
    where first_location_code in ('acute_bed', 'community_bed', 'mental_health_bed')

),

link as (

    select
        link_type,
        case
            when link_type in ('spell_to_spell', 'spell_to_stay', 'spell_to_package', 'stay_to_package')
                then to_event_id
            else from_event_id
        end as event_id,
        link_method
    from {{ ref('urgent_care_link') }}

),

counted as (

    select
        candidate.link_type,
        {{ period_start('month', 'candidate.event_date') }} as month_start,
        candidate.organisation_code,
        candidate.site_code,
        link.link_method,
        count(*) as event_count
    from candidate
    left join link
        on
            candidate.link_type = link.link_type
            and candidate.event_id = link.event_id
    group by
        candidate.link_type,
        {{ period_start('month', 'candidate.event_date') }},
        candidate.organisation_code,
        candidate.site_code,
        link.link_method

),

total as (

    select
        link_type,
        month_start,
        organisation_code,
        site_code,
        sum(event_count) as candidates,
        sum(case when link_method is not null then event_count else 0 end) as matched
    from counted
    group by link_type, month_start, organisation_code, site_code

),

by_method as (

    select
        link_type,
        month_start,
        organisation_code,
        site_code,
        'all' as link_method,
        candidates,
        matched
    from total
    union all
    select
        total.link_type,
        total.month_start,
        total.organisation_code,
        total.site_code,
        counted.link_method,
        total.candidates,
        counted.event_count as matched
    from total
    inner join counted
        on
            total.link_type = counted.link_type
            and total.month_start = counted.month_start
            and total.organisation_code = counted.organisation_code
            and total.site_code = counted.site_code
    where counted.link_method is not null

)

select
    link_type,
    month_start,
    organisation_code,
    site_code,
    link_method,
    cast(candidates as bigint) as candidates,
    cast(matched as bigint) as matched,
    round(100 * {{ safe_divide('matched', 'candidates') }}, 1) as match_rate
from by_method
