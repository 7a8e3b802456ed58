-- One row per measure, council and category of what the councils last told: vacancies in care homes by kind
-- of bed, and people waiting for care at home by the place where they wait: at the newest weekly census, or
-- as the newest line of a journal leaves them.
with home_census as (

    select
        organisation_code,
        max(census_date) as census_date
    from {{ ref('care_home_capacity') }}
    group by organisation_code

),

home as (

    select
        feed.partner,
        feed.feed_table,
        feed.organisation_code,
        'ALL' as site_code,
        cast(home_census.census_date as timestamp) as described_at,
        capacity.cqc_location_id,
        capacity.bed_kind_code,
        capacity.beds,
        capacity.vacant_beds_usable,
        case when capacity.is_updated_within_7_days then capacity.cqc_location_id end as updated_location_id
    from {{ ref('dq_feed') }} as feed
    left join home_census
        on feed.organisation_code = home_census.organisation_code
    left join {{ ref('care_home_capacity') }} as capacity
        on
            feed.organisation_code = capacity.organisation_code
            and home_census.census_date = capacity.census_date
    where feed.feed_table = 'care_homes'

),

package_census as (

    select
        organisation_code,
        max(census_date) as census_date
    from {{ ref('care_package_census') }}
    group by organisation_code

),

package as (

    select
        feed.partner,
        feed.feed_table,
        feed.organisation_code,
        'ALL' as site_code,
        {{ timestamp_add('day', 1, 'cast(package_census.census_date as timestamp)') }} as described_at,
        census.care_package_request_id,
        census.location_code,
        census.wait_days
    from {{ ref('dq_feed') }} as feed
    left join package_census
        on feed.organisation_code = package_census.organisation_code
    left join {{ ref('care_package_census') }} as census
        on
            feed.organisation_code = census.organisation_code
            and package_census.census_date = census.census_date
    where feed.feed_table = 'packages_awaited'
    union all
    -- A journal tells who waits at its last word, not only on Sundays.
    select
        feed.partner,
        feed.feed_table,
        feed.organisation_code,
        'ALL' as site_code,
        feed.last_received_at as described_at,
        request.care_package_request_id,
        request.location_code,
        {{ not_negative(days_between('request.requested_on', 'cast(feed.last_received_at as date)')) }}
            as wait_days
    from {{ ref('dq_feed') }} as feed
    left join {{ ref('care_package_request') }} as request
        on
            feed.organisation_code = request.organisation_code
            and request.status_code = 'waiting'
    where feed.feed_table = 'brokerage_journal'

)

{{ flow_rows('care_home_vacancies', 'home', 'sum(vacant_beds_usable)') }}
union all
{{ flow_rows('care_home_vacancies', 'home', 'sum(vacant_beds_usable)', category='bed_kind_code') }}
union all
{{ flow_rows('care_home_vacant_share', 'home', 'sum(vacant_beds_usable)', 'sum(beds)') }}
union all
{{ flow_rows(
    'care_homes_updated_share', 'home', 'count(distinct updated_location_id)', 'count(distinct cqc_location_id)'
) }}
union all
{{ flow_rows('awaiting_care_at_home', 'package', 'count(care_package_request_id)') }}
union all
{{ flow_rows(
    'awaiting_care_at_home', 'package', 'count(care_package_request_id)', category='location_code'
) }}
union all
{{ flow_rows('awaiting_care_at_home_days', 'package', 'sum(wait_days)', 'count(wait_days)') }}
