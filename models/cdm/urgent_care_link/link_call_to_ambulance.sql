-- One row per NHS 111 call and the 999 incident it became: the incident number that was passed on,
-- connected within a day; else the same person, an ambulance disposition, and an incident connected from 5
-- minutes before to 4 hours after. A choice: F 9.2 gives no rule. Repeat callers may share one incident.
with calls as (

    select
        urgent_call_id,
        incident_number_key,
        person_id,
        offered_at,
        disposition_group
    from {{ ref('urgent_call') }}

),

pairs as (

    select
        calls.urgent_call_id as from_event_id,
        incident.ambulance_incident_id as to_event_id,
        'incident_number' as link_method,
        1 as method_rank,
        -86400 as earliest_seconds,
        86400 as latest_seconds,
        {{ seconds_between('calls.offered_at', 'incident.call_connect_at') }} as seconds_apart
    from calls
    inner join {{ ref('ambulance_incident') }} as incident
        on calls.incident_number_key = incident.incident_number_key
    union all
    select
        calls.urgent_call_id as from_event_id,
        incident.ambulance_incident_id as to_event_id,
        'person' as link_method,
        2 as method_rank,
        -300 as earliest_seconds,
        14400 as latest_seconds,
        {{ seconds_between('calls.offered_at', 'incident.call_connect_at') }} as seconds_apart
    from calls
    inner join {{ ref('ambulance_incident') }} as incident
        on calls.person_id = incident.person_id
    where calls.disposition_group = 'ambulance'

),

candidates as (

    select
        {{ candidate_columns() }}
    from pairs
    where seconds_apart between earliest_seconds and latest_seconds

),

{{ nearest_links('call_to_ambulance', 'candidates') }}
