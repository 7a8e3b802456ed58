-- One row per kind of link, month, site and method: how many events ought to have another step in another
-- record, and how many were matched to one (F 9.2 expects 75-90 % from ambulance to ED, 95 % from ED to
-- spell). Calls, ambulances and attendances look forward to their next step; what says that it came from
-- elsewhere (a transfer, a stay from an acute ward, a request made in a hospital bed) looks back.
{% set candidates = [
    ('call_to_ambulance', 'urgent_call', 'urgent_call_id', 'cast(offered_at_local as date)',
        'organisation_code', "'ALL'", "disposition_group = 'ambulance'"),
    ('call_to_ed', 'urgent_call', 'urgent_call_id', 'cast(offered_at_local as date)',
        'organisation_code', "'ALL'", "disposition_group = 'ed'"),
    ('ambulance_to_ed', 'ambulance_incident', 'ambulance_incident_id', 'cast(call_connect_at_local as date)',
        'receiving_organisation_code', 'receiving_site_code',
        'is_conveyed_to_ed and is_counted and receiving_site_code is not null '
        ~ 'and receiving_organisation_code is not null'),
    ('ed_to_spell', 'ed_attendance', 'ed_attendance_id', 'cast(arrived_at_local as date)',
        'organisation_code', 'site_code', 'is_admitted and is_counted'),
    ('spell_to_spell', 'hospital_spell', 'hospital_spell_id', 'admission_date',
        'organisation_code', 'site_code', "admission_method_code = '81'"),
    ('spell_to_stay', 'inpatient_stay', 'inpatient_stay_id', 'admitted_on',
        'organisation_code', "coalesce(site_code, 'ALL')", "admission_source_code = '51'"),
    ('spell_to_package', 'care_package_request', 'care_package_request_id', 'requested_on',
        'organisation_code', "'ALL'", "first_location_code = 'acute_bed'"),
    ('stay_to_package', 'care_package_request', 'care_package_request_id', 'requested_on',
        'organisation_code', "'ALL'", "first_location_code in ('community_bed', 'mental_health_bed')"),
] %}
with candidate as (

    {% for link_type, model, key, day, organisation, site, condition in candidates %}
    select
        '{{ link_type }}' as link_type,
        {{ key }} as event_id,
        {{ day }} as event_date,
        {{ organisation }} as organisation_code,
        {{ site }} as site_code
    from {{ ref(model) }}
    where {{ condition }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

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
