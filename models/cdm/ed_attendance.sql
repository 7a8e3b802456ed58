-- One row per emergency department attendance at any of the three hospitals, in one shape (F 2.1, 3.4).
-- Durations are whole minutes in UTC, rounded down. What is counted nationally is a flag, so that nothing
-- disappears.
{%- set feeds = [
    'stg_mseft__broomfield_ed_attendances',
    'stg_mseft__southend_ed_attendances',
    'stg_mseft__basildon_ed_attendances',
] %}
{{ rows_follow_key('person_id', inputs_named(
    feeds,
    through_input('person_identity', {'feed_table': 'feed_table', 'record_id': 'ed_attendance_id'}),
    {'person_identity': 'person_id'}
)) }}
with attendances as (

    select
        staged.*,
        'RAJ' as organisation_code,
        person_identity.person_id,
        coalesce(person_identity.match_method <> 'unmatched', false) as is_identified,
        {{ local_to_utc('staged.arrived_at_local') }} as arrived_at
    from (
        {{ stacked(feeds) }}
    ) as staged
    {{ left_join_person('staged', 'ed_attendance_id') }}

),

timed as (

    select
        attendances.*,
        {{ local_to_utc('initial_assessment_at_local', not_before='earliest_assessment_at') }} as assessed_at,
        {{ locals_to_utc(
            ['seen_for_treatment_at', 'decided_to_admit_at', 'clinically_ready_to_proceed_at', 'departed_at'],
            not_before='arrived_at'
        ) }}
    from (
        -- F 2.1.7: assessed up to 10 minutes before arrival is an ambulance pre-alert, earlier is an error.
        select
            attendances.*,
            {{ timestamp_add('minute', -10, 'arrived_at') }} as earliest_assessment_at
        from attendances
    ) as attendances

),

measured as (

    select
        timed.*,
        case when assessed_at >= earliest_assessment_at then greatest(assessed_at, arrived_at) end
            as initial_assessment_at,
        {{ minutes_between('arrived_at', 'seen_for_treatment_at') }} as minutes_to_seen,
        {{ minutes_between('arrived_at', 'departed_at') }} as minutes_to_departure,
        {{ minutes_between('decided_to_admit_at', 'departed_at') }} as minutes_from_decision,
        coalesce(timed.attendance_category_code in ('1', '2', '3'), false)
        and coalesce(status.group_code not in ('streamed_not_counted', 'dead_on_arrival'), true)
            as is_counted,
        coalesce(status.group_code = 'left', false) as left_before_treatment
    from timed
    {{ left_join_code('ed_discharge_status', 'timed.discharge_status_code', 'status') }}

),

-- F 3.4 ED_REATT_7D: of somebody who is known, at the same trust, arrival to arrival in UTC. A second record
-- with the same time of arrival is a copy rather than a return.
reattendance as (

    select later.ed_attendance_id
    from measured as later
    inner join measured as earlier
        on
            later.person_id = earlier.person_id
            and later.organisation_code = earlier.organisation_code
            and later.arrived_at > earlier.arrived_at
            and later.arrived_at <= {{ timestamp_add('hour', 7 * 24, 'earlier.arrived_at') }}
    where later.is_identified and later.is_counted and earlier.is_counted
    group by later.ed_attendance_id

)

select
    measured.ed_attendance_id,
    measured.organisation_code,
    measured.site_code,
    measured.department_type_code,
    measured.person_id,
    {{ age_years('measured.birth_date', 'measured.arrived_at_local') }} as age_years,
    measured.sex_code,
    measured.ethnic_category_code,
    measured.gp_practice_code,
    measured.arrival_mode_code,
    coalesce(arrival_mode.group_code, 'unknown') as arrival_mode_group,
    measured.incident_number_key,
    measured.attendance_category_code,
    measured.arrived_at,
    measured.arrived_at_local,
    measured.initial_assessment_at,
    measured.seen_for_treatment_at,
    measured.decided_to_admit_at,
    measured.clinically_ready_to_proceed_at,
    measured.departed_at,
    measured.departed_at_local,
    {{ not_negative('measured.minutes_to_departure') }} as duration_minutes,
    {{ minutes_between('measured.arrived_at', 'measured.initial_assessment_at') }}
        as initial_assessment_minutes,
    {{ not_negative('measured.minutes_to_seen') }} as seen_minutes,
    {{ not_negative('measured.minutes_from_decision') }} as decision_to_departure_minutes,
    coalesce(measured.minutes_to_departure > 4320, false) as is_over_72h,
    acuity.level as acuity_level,
    {{ without_sensitive('snomed', 'measured.chief_complaint_code') }} as chief_complaint_code,
    {{ without_sensitive('snomed', 'measured.diagnosis_code') }} as diagnosis_code,
    measured.discharge_status_code,
    measured.discharge_destination_code,
    destination.group_code as discharge_group,
    coalesce({{ admitted_group('destination.group_code') }}, false) as is_admitted,
    coalesce(not {{ admitted_group('destination.group_code') }}, false) as is_non_admitted,
    measured.left_before_treatment,
    coalesce(measured.diagnosis_code = '840539006', false) as has_covid,
    measured.is_counted,
    reattendance.ed_attendance_id is not null as is_reattendance_within_7_days,
    measured.feed_table
from measured
{{ left_join_code('ed_arrival_mode', 'measured.arrival_mode_code', 'arrival_mode') }}
{{ left_join_code('ed_acuity', 'measured.acuity_code', 'acuity') }}
{{ left_join_code('ed_discharge_destination', 'measured.discharge_destination_code', 'destination') }}
left join reattendance
    on measured.ed_attendance_id = reattendance.ed_attendance_id
