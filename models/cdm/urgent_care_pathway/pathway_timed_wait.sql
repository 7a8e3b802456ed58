-- One row per journey and wait that is told to the minute: for an answer, an ambulance, a handover, a
-- clinician and a bed. Moments in UTC; no clock starts before the one before it stopped. A clock that has
-- no stop yet runs (is_open) as long as it can still be true, else its stop is missing.
with call_wait as (

    select
        step.urgent_care_pathway_id,
        'wait_for_answer' as wait_step,
        call.organisation_code,
        cast(null as {{ dbt.type_string() }}) as site_code,
        call.offered_at as started_at,
        case
            when call.answer_wait_seconds is not null then call.answered_at
            when call.abandon_wait_seconds is not null then call.abandoned_at
        end as stopped_at,
        call.answered_at is null and call.abandoned_at is null as has_no_stop,
        1 as open_hours
    from {{ ref('pathway_step') }} as step
    inner join {{ ref('urgent_call') }} as call
        on step.urgent_call_id = call.urgent_call_id
    where call.channel = 'phone'

),

incident as (

    select
        step.urgent_care_pathway_id,
        incident.*
    from {{ ref('pathway_step') }} as step
    inner join {{ ref('ambulance_incident') }} as incident
        on step.ambulance_incident_id = incident.ambulance_incident_id

),

ambulance_wait as (

    select
        urgent_care_pathway_id,
        'wait_for_ambulance' as wait_step,
        organisation_code,
        cast(null as {{ dbt.type_string() }}) as site_code,
        call_connect_at as started_at,
        case when first_on_scene_at >= call_connect_at then first_on_scene_at end as stopped_at,
        first_on_scene_at is null and outcome is null as has_no_stop,
        24 as open_hours
    from incident
    where coalesce(outcome, 'awaited') <> 'hear_treat'

),

handover_wait as (

    select
        urgent_care_pathway_id,
        'wait_for_handover' as wait_step,
        receiving_organisation_code as organisation_code,
        receiving_site_code as site_code,
        arrived_hospital_at as started_at,
        case when handover_status = 'valid' then handover_at end as stopped_at,
        handover_at is null as has_no_stop,
        4 as open_hours
    from incident
    where is_conveyed_to_ed

),

attendance as (

    select
        step.urgent_care_pathway_id,
        attendance.*,
        greatest(attendance.arrived_at, handover_wait.stopped_at) as received_at,
        case when attendance.seen_minutes is not null then attendance.seen_for_treatment_at end as seen_at,
        case when attendance.duration_minutes <= 4320 then attendance.departed_at end as left_at,
        coalesce(status.group_code, 'unknown') as status_group
    from {{ ref('pathway_step') }} as step
    inner join {{ ref('ed_attendance') }} as attendance
        on step.ed_attendance_id = attendance.ed_attendance_id
    left join handover_wait
        on step.urgent_care_pathway_id = handover_wait.urgent_care_pathway_id
    {{ left_join_code('ed_discharge_status', 'attendance.discharge_status_code', 'status') }}

),

seen_wait as (

    select
        urgent_care_pathway_id,
        'wait_to_be_seen' as wait_step,
        organisation_code,
        site_code,
        received_at as started_at,
        -- Who leaves before a clinician comes has waited until leaving.
        case when left_before_treatment then coalesce(seen_at, left_at) else seen_at end as stopped_at,
        seen_for_treatment_at is null and departed_at is null as has_no_stop,
        72 as open_hours
    from attendance
    where
        seen_for_treatment_at is not null
        or status_group not in ('streamed', 'streamed_not_counted', 'dead_on_arrival')

),

bed_wait as (

    select
        urgent_care_pathway_id,
        'wait_for_bed' as wait_step,
        organisation_code,
        site_code,
        greatest(decided_to_admit_at, seen_at, received_at) as started_at,
        case when decided_to_admit_at is not null then left_at end as stopped_at,
        departed_at is null as has_no_stop,
        72 as open_hours
    from attendance
    where is_admitted or (departed_at is null and decided_to_admit_at is not null)

),

wait as (

    {% for relation in ['call_wait', 'ambulance_wait', 'handover_wait', 'seen_wait', 'bed_wait'] %}
    select * from {{ relation }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

)

select
    wait.urgent_care_pathway_id,
    wait.wait_step,
    wait.organisation_code,
    wait.site_code,
    wait.started_at,
    case when wait.stopped_at is not null then greatest(wait.started_at, wait.stopped_at) end as stopped_at,
    wait.has_no_stop
    and coalesce(
        wait.started_at <= now.as_of_at
        and wait.started_at > {{ timestamp_add('hour', '-wait.open_hours', 'now.as_of_at') }},
        false
    ) as is_open,
    now.as_of_at
from wait
cross join (
    select {{ local_to_utc('run.as_of') }} as as_of_at
    from (select {{ as_of() }} as as_of) as run
) as now
