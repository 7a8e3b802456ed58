-- One row per measure, place and category of the position now, before it is put in words: what each place
-- tells, added up to its organisation and to the system. A sum in which a place is missing says so
-- (is_partial) and is of the others only.
{% set parts = [
    'flow_calls', 'flow_hospital_door', 'flow_acute_beds', 'flow_ward_beds', 'flow_discharge', 'flow_social_care'
] %}
with base as (

    {% for part in parts %}
    select
        measure_id,
        organisation_code,
        site_code,
        category,
        numerator,
        denominator,
        described_at,
        partner,
        feed_table
    from {{ ref(part) }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

fed as (

    select
        base.*,
        measure.aggregate,
        feed.last_received_at as observed_at,
        -- Late by its contract, told of a time that was old already when it came, or left out of the newest.
        feed.status <> 'fresh'
        or base.described_at is null
        or coalesce(
            feed.late_after_minutes < {{ minutes_between('base.described_at', 'feed.last_received_at') }},
            false
        )
        or (
            base.feed_table in ('bed_state', 'ward_beds')
            and base.described_at < max(base.described_at) over (partition by base.partner, base.measure_id)
        ) as is_stale
    from base
    inner join {{ ref('uec_flow_measure') }} as measure
        on base.measure_id = measure.measure_id
    inner join {{ ref('dq_feed') }} as feed
        on
            base.partner = feed.partner
            and base.feed_table = feed.feed_table

),

placed as (

    select
        fed.measure_id,
        case
            when place.level = 'system' then '{{ var("system_organisation") }}'
            else fed.organisation_code
        end as organisation_code,
        case when place.level = 'site' then fed.site_code else 'ALL' end as site_code,
        fed.category,
        fed.aggregate,
        fed.numerator,
        fed.denominator,
        fed.observed_at,
        fed.described_at,
        fed.is_stale,
        fed.partner || '.' || fed.feed_table as feed
    from fed
    inner join (
        select 'site' as level
        union all
        select 'organisation' as level
        union all
        select 'system' as level
    ) as place
        on place.level <> 'site' or fed.site_code <> 'ALL'

)

select
    measure_id,
    organisation_code,
    site_code,
    category,
    case
        when max(aggregate) = 'max' then max(numerator)
        else sum(numerator)
    end as numerator,
    sum(denominator) as denominator,
    min(observed_at) as observed_at,
    min(described_at) as described_at,
    max(case when is_stale then 1 else 0 end) = 1 as is_stale,
    count(numerator) < count(*) as is_partial,
    case when min(feed) = max(feed) then min(feed) else 'several' end as feed,
    max(aggregate) as aggregate
from placed
group by measure_id, organisation_code, site_code, category
