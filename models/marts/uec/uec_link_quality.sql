-- One row per kind of link, month, site and method: how many events ought to have a next step in another
-- partner's records, and how many were matched to one (F 9.2 expects 75-90 % from ambulance to ED, 95 %
-- from ED to spell).
with candidate as (

    select
        'call_to_ambulance' as link_type,
        urgent_call_key as from_event_key,
        offered_date as event_date,
        organisation_code,
        'ALL' as site_code
    from {{ ref('fct_urgent_call') }}
    where disposition_group = 'ambulance'
    union all
    select
        'call_to_ed' as link_type,
        urgent_call_key as from_event_key,
        offered_date as event_date,
        organisation_code,
        'ALL' as site_code
    from {{ ref('fct_urgent_call') }}
    where disposition_group = 'ed'
    union all
    select
        'ambulance_to_ed' as link_type,
        ambulance_incident_key as from_event_key,
        call_date as event_date,
        receiving_organisation_code as organisation_code,
        receiving_site_code as site_code
    from {{ ref('fct_ambulance_incident') }}
    where
        is_conveyed_to_ed
        and is_counted
        and receiving_site_code is not null
        and receiving_organisation_code is not null
    union all
    select
        'ed_to_spell' as link_type,
        ed_attendance_key as from_event_key,
        arrival_date as event_date,
        organisation_code,
        site_code
    from {{ ref('fct_ed_attendance') }}
    where is_admitted and is_counted

),

-- A call can have two links of one kind only by mistake of the source; the first method in the alphabet
-- then counts.
link as (

    select
        link_type,
        from_event_key,
        min(link_method) as link_method
    from {{ ref('fct_urgent_care_link') }}
    group by link_type, from_event_key

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
            and candidate.from_event_key = link.from_event_key
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
