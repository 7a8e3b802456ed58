-- One row per 999 incident, with the clocks that the ambulance measures need (F 3.2, 3.3): response in
-- seconds by the rule of its category, handover in whole minutes with a status that says why there is
-- none.
{{ rows_follow_key('ambulance_incident_id', {
    'stg_eeast__incidents': 'ambulance_incident_id',
    'person_identity': 'record_id',
}) }}
with incidents as (

    select
        staged.*,
        person_identity.person_id,
        {{ response_category('staged.category_code') }} as response_category,
        coalesce(staged.outcome in ('convey_ed', 'convey_non_ed'), false) as is_conveyed,
        coalesce(staged.outcome = 'convey_ed', false) as is_conveyed_to_ed,
        coalesce(successor.successor_code, staged.receiving_site_code) as current_site_code,
        {{ local_to_utc('staged.call_connect_at_local') }} as call_connect_at
    from {{ ref('stg_eeast__incidents') }} as staged
    {{ left_join_person('staged', 'ambulance_incident_id') }}
    left join {{ ref('organisation_successor') }} as successor
        on
            staged.receiving_site_code = successor.predecessor_code
            and successor.effective_date <= cast(staged.call_connect_at_local as date)

),

arrivals as (

    select
        incidents.*,
        {{ locals_to_utc(
            ['problem_identified_at', 'first_resource_assigned_at', 'first_on_scene_at', 'conveying_on_scene_at', 'arrived_hospital_at'],
            not_before='call_connect_at'
        ) }}
    from incidents

),

clocks as (

    select
        arrivals.*,
        {{ response_clock_start(
            'response_category', 'call_connect_at', ['problem_identified_at', 'first_resource_assigned_at']
        ) }} as clock_start_at,
        case
            when response_category = 'C1' then first_on_scene_at
            when response_category is not null and is_conveyed then conveying_on_scene_at
            when response_category is not null then first_on_scene_at
        end as clock_stop_at,
        {{ local_to_utc('handover_at_local', not_before='arrived_hospital_at') }} as handover_at
    from arrivals

),

durations as (

    select
        clocks.*,
        {{ seconds_between('clock_start_at', 'clock_stop_at') }} as clock_seconds,
        {{ minutes_between('arrived_hospital_at', 'handover_at') }} as minutes_to_handover,
        case
            when not is_conveyed_to_ed then 'not_applicable'
            when arrived_hospital_at is null or handover_at is null then 'missing'
            when handover_at < arrived_hospital_at then 'invalid'
            else 'valid'
        end as handover_status
    from clocks

)

select
    durations.ambulance_incident_id,
    durations.incident_number_key,
    'RYC' as organisation_code,
    durations.person_id,
    {{ age_years('durations.birth_date', 'durations.call_connect_at_local') }} as age_years,
    durations.sex_code,
    durations.category_code,
    durations.response_category,
    durations.outcome,
    durations.is_test_call,
    not durations.is_test_call
    and coalesce(outcome.group_code = 'counted', false) as is_counted,
    durations.is_conveyed_to_ed,
    durations.current_site_code as receiving_site_code,
    site.organisation_code as receiving_organisation_code,
    durations.call_connect_at,
    durations.call_connect_at_local,
    durations.clock_start_at,
    durations.clock_stop_at,
    durations.first_on_scene_at,
    cast({{ not_negative('durations.clock_seconds') }} as integer) as response_seconds,
    durations.arrived_hospital_at,
    durations.arrived_hospital_at_local,
    durations.handover_at,
    case when durations.handover_status = 'valid' then durations.minutes_to_handover end
        as handover_minutes,
    durations.handover_status
from durations
left join {{ ref('site') }} as site
    on durations.current_site_code = site.site_code
{{ left_join_code('ambulance_outcome', 'durations.outcome', 'outcome') }}
