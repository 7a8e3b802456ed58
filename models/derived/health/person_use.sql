-- One row per registered person and index date: use of services and cost in the 12 months that end with the
-- day. Every activity is known by the first and the last index date that it counts for, so that it is
-- looked at once.
{{ rows_follow_key('person_id', {
    'registered_person': 'person_id', 'costed_activity': 'person_id', 'bed_use': 'person_id',
    'social_care_event': 'person_id',
}, partition='index_date', partitioned=['index_date', 'registered_person', 'bed_use']) }}
with reach as (

    select
        calendar_day.date_day,
        min(index_date.index_number) as first_number,
        max(index_date.index_number) as last_number
    from {{ ref('calendar_day') }} as calendar_day
    inner join {{ ref('index_date') }} as index_date
        on calendar_day.date_day between index_date.year_start_date and index_date.index_date
    group by calendar_day.date_day

),

told as (

    select
        activity.person_id,
        activity.activity,
        reach.first_number,
        reach.last_number,
        cast(sum(activity.activity_count) as integer) as activity_count,
        sum(activity.cost_pounds) as cost_pounds
    from {{ ref('costed_activity') }} as activity
    inner join reach
        on activity.on_date = reach.date_day
    group by activity.person_id, activity.activity, reach.first_number, reach.last_number

),

at_date as (

    select
        told.person_id,
        index_date.index_date,
        told.activity,
        told.activity_count,
        told.cost_pounds
    from told
    inner join {{ ref('index_date') }} as index_date
        on index_date.index_number between told.first_number and told.last_number
    union all
    select
        bed_use.person_id,
        bed_use.index_date,
        'bed_night' as activity,
        bed_use.bed_days as activity_count,
        bed_use.cost_pounds
    from {{ ref('bed_use') }} as bed_use
    union all
    select distinct
        event.person_id,
        index_date.index_date,
        'long_term_support' as activity,
        1 as activity_count,
        0 as cost_pounds
    from {{ ref('social_care_event') }} as event
    inner join {{ ref('index_date') }} as index_date
        on
            event.started_on <= index_date.index_date
            and coalesce(event.ended_on, {{ no_end() }}) >= index_date.year_start_date
    where event.is_long_term_support

),

summed as (

    select
        person_id,
        index_date,
        {%- for activity in [
            'ed_attendance', 'ambulance_conveyed', 'ambulance_not_conveyed', 'call_111', 'emergency_admission',
            'elective_admission', 'day_case', 'bed_night', 'outpatient', 'outpatient_dna', 'gp_appointment',
            'community_contact', 'mental_health_contact', 'long_term_support',
        ] %}
        sum(case when activity = '{{ activity }}' then activity_count else 0 end) as {{ activity }}s,
        {%- endfor %}
        sum(cost_pounds) as cost_pounds
    from at_date
    group by person_id, index_date

)

select
    registered.person_id,
    registered.index_date,
    cast(coalesce(summed.ed_attendances, 0) as integer) as ed_attendance_count,
    cast(
        coalesce(summed.ambulance_conveyeds + summed.ambulance_not_conveyeds, 0) as integer
    ) as ambulance_count,
    cast(coalesce(summed.call_111s, 0) as integer) as call_111_count,
    cast(coalesce(summed.emergency_admissions, 0) as integer) as emergency_admission_count,
    cast(coalesce(summed.elective_admissions + summed.day_cases, 0) as integer) as elective_admission_count,
    cast(coalesce(summed.bed_nights, 0) as integer) as bed_days,
    cast(coalesce(summed.outpatients, 0) as integer) as outpatient_count,
    cast(coalesce(summed.outpatient_dnas, 0) as integer) as outpatient_dna_count,
    cast(coalesce(summed.gp_appointments, 0) as integer) as gp_appointment_count,
    cast(coalesce(summed.community_contacts, 0) as integer) as community_contact_count,
    cast(coalesce(summed.mental_health_contacts, 0) as integer) as mental_health_contact_count,
    coalesce(summed.long_term_supports > 0, false) as has_social_care,
    cast(coalesce(summed.cost_pounds, 0) as double) as cost_pounds
from {{ ref('registered_person') }} as registered
left join summed
    on registered.person_id = summed.person_id and registered.index_date = summed.index_date
