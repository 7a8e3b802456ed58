-- One row per measure, acute site and kind of bed or band of stay, of the site's newest bed state (08:00).
-- ALL is all general and acute beds: adult beds are among them, critical care is beside them.
with newest as (

    select
        bed_state.*,
        row_number() over (partition by site_code order by snapshot_date desc) as recency
    from {{ ref('bed_state') }} as bed_state

),

site_beds as (

    select
        feed.partner,
        feed.feed_table,
        site.organisation_code,
        site.site_code,
        case
            when feed.last_received_at is not null
                then {{ timestamp_add('hour', 8, 'cast(newest.snapshot_date as timestamp)') }}
        end as described_at,
        newest.ga_beds_open,
        newest.ga_beds_occupied,
        newest.ga_beds_unoccupied,
        newest.adult_ga_beds_open,
        newest.adult_ga_beds_occupied,
        newest.adult_ga_beds_open - newest.adult_ga_beds_occupied as adult_ga_beds_unoccupied,
        newest.critical_care_beds_open,
        newest.critical_care_beds_occupied,
        newest.critical_care_beds_open - newest.critical_care_beds_occupied
            as critical_care_beds_unoccupied,
        newest.los_7_plus,
        newest.los_14_plus,
        newest.los_21_plus
    from {{ ref('dq_feed') }} as feed
    inner join {{ ref('site') }} as site
        on feed.organisation_code = site.organisation_code
    left join newest
        on
            site.site_code = newest.site_code
            and newest.recency = 1
    where feed.partner = 'mseft' and feed.feed_table = 'bed_state'

)

{% for kind, category in {'ga': 'ALL', 'adult_ga': 'adult', 'critical_care': 'critical_care'}.items() -%}
{% for state in ['open', 'occupied', 'unoccupied'] -%}
{{ flow_rows(
    'beds_' ~ state, 'site_beds', 'sum(' ~ kind ~ '_beds_' ~ state ~ ')', category="'" ~ category ~ "'"
) }}
union all
{% endfor -%}
{% endfor -%}
{% for days in ['7', '14', '21'] -%}
{{ flow_rows(
    'long_stays', 'site_beds', 'sum(los_' ~ days ~ '_plus)', category="'" ~ days ~ " days and over'"
) }}
union all
{% endfor -%}
{{ flow_rows('beds_occupied_share', 'site_beds', 'sum(ga_beds_occupied)', 'sum(ga_beds_open)') }}
