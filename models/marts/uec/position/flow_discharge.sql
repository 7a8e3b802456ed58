-- One row per measure, place and reason of those who could leave: patients on the newest discharge list of
-- the acute trust, patients in community and mental-health beds on the last day that their provider told of.
-- A place that told and has nobody has zero; one that never told has no number.
with list_day as (

    select
        organisation_code,
        max(census_date) as census_date
    from {{ ref('discharge_list_entry') }}
    group by organisation_code

),

acute as (

    select
        feed.partner,
        feed.feed_table,
        site.organisation_code,
        site.site_code,
        {{ timestamp_add('hour', 8, 'cast(list_day.census_date as timestamp)') }} as described_at,
        entry.hospital_spell_id as event_id,
        case when entry.hospital_spell_id is not null then coalesce(entry.delay_reason_code, 'unknown') end
            as reason
    from {{ ref('dq_feed') }} as feed
    inner join {{ ref('site') }} as site
        on feed.organisation_code = site.organisation_code
    left join list_day
        on feed.organisation_code = list_day.organisation_code
    left join {{ ref('discharge_list_entry') }} as entry
        on
            site.site_code = entry.site_code
            and list_day.census_date = entry.census_date
    where feed.partner = 'mseft' and feed.feed_table = 'no_criteria_to_reside'

),

counted as (

    select
        partner,
        feed_table,
        organisation_code,
        site_code,
        described_at,
        count(event_id) as patients
    from acute
    group by partner, feed_table, organisation_code, site_code, described_at

),

bedded as (

    select
        counted.*,
        bed_state.adult_ga_beds_occupied
    from counted
    left join {{ ref('bed_state') }} as bed_state
        on
            counted.site_code = bed_state.site_code
            and bed_state.snapshot_date = cast(counted.described_at as date)

),

{% for setting in ['community', 'mental_health'] %}
{{ setting }}_patient as (

    select
        feed.partner,
        feed.feed_table,
        feed.organisation_code,
        coalesce(delayed.site_code, 'ALL') as site_code,
        feed.last_received_at as described_at,
        delayed.event_id,
        case when delayed.event_id is not null then coalesce(delayed.delay_reason_code, 'unknown') end
            as reason
    from {{ ref('dq_feed') }} as feed
    left join {{ ref('delayed_patient_day') }} as delayed
        on
            feed.organisation_code = delayed.organisation_code
            and delayed.setting = '{{ setting }}'
            and delayed.census_date = cast(feed.last_received_at as date)
    where
        feed.feed_table = 'inpatient_stays'
        {%- if setting == 'mental_health' %}
        -- Provide CIC has no mental-health beds.
        and feed.organisation_code <> 'NPRV'
        {%- endif %}

){{ ',' if not loop.last }}
{% endfor %}

{{ flow_rows('no_criteria_to_reside', 'acute', 'count(event_id)') }}
union all
{{ flow_rows('no_criteria_to_reside', 'acute', 'count(event_id)', category='reason') }}
union all
{{ flow_rows('no_criteria_to_reside_share', 'bedded', 'sum(patients)', 'sum(adult_ga_beds_occupied)') }}
union all
{{ flow_rows('delayed_in_community_bed', 'community_patient', 'count(event_id)') }}
union all
{{ flow_rows('delayed_in_community_bed', 'community_patient', 'count(event_id)', category='reason') }}
union all
{{ flow_rows('delayed_in_mental_health_bed', 'mental_health_patient', 'count(event_id)') }}
union all
{{ flow_rows('delayed_in_mental_health_bed', 'mental_health_patient', 'count(event_id)', category='reason') }}
