-- One row per measure, hospital and category of those at its door: ambulances that have not handed over,
-- people in the emergency department by hours since arrival, and by hours since the decision to admit.
-- Departments are told of up to the newest file, but not beyond the end of the day of the newest arrival in
-- it: a file that comes in the morning has the arrivals of whole days, and nobody who came since.
{% set departments = {
    'southend_ed_attendances': 'RAJ01',
    'basildon_ed_attendances': 'RAJ12',
    'broomfield_ed_attendances': 'RAJ32',
} %}
with newest_arrival as (

    select
        site_code,
        {{ days_add(1, 'max(cast(arrived_at_local as date))') }} as next_day
    from {{ ref('ed_attendance') }}
    group by site_code

),

feed as (

    select
        site.organisation_code,
        site.site_code,
        dq_feed.partner,
        dq_feed.feed_table,
        case
            when dq_feed.partner = 'eeast' then dq_feed.last_received_at
            when newest_arrival.next_day is not null
                then least(dq_feed.last_received_at, cast(newest_arrival.next_day as timestamp))
        end as described_at
    from {{ ref('dq_feed') }} as dq_feed
    inner join {{ ref('site') }} as site
        on
            (dq_feed.feed_table = 'incidents' and site.organisation_code = 'RAJ')
            {%- for table, site_code in departments.items() %}
            or (dq_feed.feed_table = '{{ table }}' and site.site_code = '{{ site_code }}')
            {%- endfor %}
    left join newest_arrival
        on site.site_code = newest_arrival.site_code

),

told as (

    select
        feed.*,
        {{ local_to_utc('feed.described_at') }} as described_at_utc
    from feed

),

-- At most four hours: after that a missing handover is a missing record.
ambulance as (

    select
        told.*,
        incident.ambulance_incident_id,
        {{ minutes_between('incident.arrived_hospital_at', 'told.described_at_utc') }} as minutes_waited
    from told
    left join {{ ref('ambulance_incident') }} as incident
        on
            told.site_code = incident.receiving_site_code
            and not incident.is_test_call
            and told.described_at_utc >= incident.arrived_hospital_at
            and incident.arrived_hospital_at > {{ timestamp_add('hour', -4, 'told.described_at_utc') }}
            and coalesce(told.described_at_utc < incident.handover_at, incident.handover_at is null)
    where told.partner = 'eeast'

),

-- At most 72 hours: after that a missing departure is a missing record (F 3.4).
patient as (

    select
        told.*,
        attendance.ed_attendance_id,
        {{ minutes_between('attendance.arrived_at', 'told.described_at_utc') }} as minutes_in_department,
        case
            when attendance.decided_to_admit_at <= told.described_at_utc
                then {{ minutes_between('attendance.decided_to_admit_at', 'told.described_at_utc') }}
        end as minutes_since_decision
    from told
    left join {{ ref('ed_attendance') }} as attendance
        on
            told.site_code = attendance.site_code
            and told.described_at_utc >= attendance.arrived_at
            and attendance.arrived_at > {{ timestamp_add('hour', -72, 'told.described_at_utc') }}
            and coalesce(told.described_at_utc < attendance.departed_at, attendance.departed_at is null)
    where told.partner <> 'eeast'

),

banded as (

    select
        patient.*,
        {{ four_hour_band('minutes_in_department') }} as department_band,
        {{ four_hour_band('minutes_since_decision') }} as decision_band,
        case when minutes_in_department >= 720 then 1 else 0 end as is_over_12h
    from patient

)

{{ flow_rows('ambulances_waiting', 'ambulance', 'count(ambulance_incident_id)') }}
union all
{{ flow_rows('ambulances_longest_wait', 'ambulance', 'coalesce(max(minutes_waited), 0)') }}
union all
{{ flow_rows('people_in_ed', 'banded', 'count(ed_attendance_id)') }}
union all
{{ flow_rows('people_in_ed', 'banded', 'count(ed_attendance_id)', category='department_band') }}
union all
{{ flow_rows('people_in_ed_over_12h_share', 'banded', 'sum(is_over_12h)', 'count(ed_attendance_id)') }}
union all
{{ flow_rows('people_waiting_for_bed', 'banded', 'count(minutes_since_decision)') }}
union all
{{ flow_rows('people_waiting_for_bed', 'banded', 'count(minutes_since_decision)', category='decision_band') }}
union all
{{ flow_rows('bed_longest_wait', 'banded', 'coalesce(max(minutes_since_decision), 0)') }}
