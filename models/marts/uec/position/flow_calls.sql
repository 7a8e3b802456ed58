-- One row per measure and category of the calls: 111 in the last hour, and 999 calls without anybody on
-- scene, at the moment until which their feeds tell. A feed that never came gives a row without a number.
with feed as (

    select
        organisation_code,
        'ALL' as site_code,
        partner,
        feed_table,
        last_received_at as described_at,
        {{ local_to_utc('last_received_at') }} as described_at_utc
    from {{ ref('dq_feed') }}
    where (partner = 'ic24' and feed_table = 'calls') or (partner = 'eeast' and feed_table = 'incidents')

),

-- What came later than the feed tells is not known.
recent_call as (

    select
        feed.*,
        call.urgent_call_id,
        case when not coalesce(call.answered_at <= feed.described_at_utc, false) then call.urgent_call_id end
            as unanswered_call_id,
        coalesce(call.abandoned_at <= feed.described_at_utc, false) as is_abandoned
    from feed
    left join {{ ref('urgent_call') }} as call
        on
            call.channel = 'phone'
            and feed.described_at_utc >= call.offered_at
            and call.offered_at > {{ timestamp_add('hour', -1, 'feed.described_at_utc') }}
    where feed.partner = 'ic24'

),

-- Of the last day only, so that a record that nobody closed does not wait for ever.
waiting_incident as (

    select
        feed.*,
        incident.ambulance_incident_id,
        case
            when incident.ambulance_incident_id is not null
                then coalesce(incident.response_category, 'other')
        end as category,
        case
            when incident.response_category in ('C1', 'C2')
                then {{ minutes_between('incident.call_connect_at', 'feed.described_at_utc') }}
        end as emergency_minutes
    from feed
    left join {{ ref('ambulance_incident') }} as incident
        on
            not incident.is_test_call
            and (incident.is_counted or incident.outcome is null)
            and coalesce(incident.outcome, 'awaited') <> 'hear_treat'
            and feed.described_at_utc >= incident.call_connect_at
            and incident.call_connect_at > {{ timestamp_add('hour', -24, 'feed.described_at_utc') }}
            and coalesce(feed.described_at_utc < incident.first_on_scene_at, incident.outcome is null)
    where feed.partner = 'eeast'

)

{{ flow_rows('calls_111_last_hour', 'recent_call', 'count(urgent_call_id)') }}
union all
{{ flow_rows('calls_111_unanswered', 'recent_call', 'count(unanswered_call_id)') }}
union all
{{ flow_rows(
    'calls_111_waiting', 'recent_call', 'count(case when not is_abandoned then unanswered_call_id end)'
) }}
union all
{{ flow_rows(
    'calls_111_unanswered_share', 'recent_call', 'count(unanswered_call_id)', 'count(urgent_call_id)'
) }}
union all
{{ flow_rows('calls_999_waiting', 'waiting_incident', 'count(ambulance_incident_id)') }}
union all
{{ flow_rows('calls_999_waiting', 'waiting_incident', 'count(ambulance_incident_id)', category='category') }}
union all
{{ flow_rows('calls_999_longest_wait', 'waiting_incident', 'coalesce(max(emergency_minutes), 0)') }}
