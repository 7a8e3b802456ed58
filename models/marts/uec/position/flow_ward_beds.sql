-- One row per measure, site and type of bed of the community and mental-health wards, of each ward's newest
-- snapshot (08:00) in the week up to its provider's newest. A provider that never told has a row without a
-- number instead.
with newest as (

    select
        ward_bed_state.*,
        row_number() over (partition by organisation_code, ward_code order by snapshot_date desc) as recency,
        max(snapshot_date) over (partition by organisation_code) as newest_snapshot_date
    from {{ ref('ward_bed_state') }} as ward_bed_state

),

{% for setting in ['community', 'mental_health'] %}
{{ setting }}_ward as (

    select
        feed.partner,
        feed.feed_table,
        feed.organisation_code,
        coalesce(newest.site_code, 'ALL') as site_code,
        {{ timestamp_add('hour', 8, 'cast(newest.snapshot_date as timestamp)') }} as described_at,
        newest.bed_type_code,
        newest.beds_open,
        newest.beds_occupied,
        newest.beds_unoccupied
    from {{ ref('dq_feed') }} as feed
    left join newest
        on
            feed.organisation_code = newest.organisation_code
            and newest.bed_setting = '{{ setting }}'
            and newest.recency = 1
            and newest.snapshot_date > {{ days_add(-7, 'newest.newest_snapshot_date') }}
    where
        feed.feed_table = 'ward_beds'
        -- Who told of wards, but of none of this kind, has none.
        and (newest.ward_code is not null or feed.last_received_at is null)

){{ ',' if not loop.last }}
{% endfor %}

{% for setting in ['community', 'mental_health'] -%}
{% for state in ['open', 'occupied', 'unoccupied'] -%}
{{ flow_rows(setting ~ '_beds_' ~ state, setting ~ '_ward', 'sum(beds_' ~ state ~ ')') }}
union all
{{ flow_rows(
    setting ~ '_beds_' ~ state, setting ~ '_ward', 'sum(beds_' ~ state ~ ')', category='bed_type_code'
) }}
union all
{% endfor -%}
{{ flow_rows(setting ~ '_beds_occupied_share', setting ~ '_ward', 'sum(beds_occupied)', 'sum(beds_open)') }}
{{ 'union all' if not loop.last }}
{% endfor -%}
