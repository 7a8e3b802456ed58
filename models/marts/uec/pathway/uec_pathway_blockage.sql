-- One row per month, site, wait and hour at which the wait began: how many journeys came to it, how many
-- hours they waited, and for how many it was the wait that cost most. Where and when the system is blocked.
-- Site ALL is the whole system, also what is spent at no site (111, ambulance, council). Hours can be added.
with wait as (

    select
        {{ period_start('month', 'wait.started_on') }} as period_start,
        wait.site_code as blocked_site_code,
        wait.wait_step,
        wait.started_hour as hour_of_day,
        wait.wait_minutes,
        wait.is_open,
        coalesce(pathway.costliest_wait = wait.wait_step, false) as is_costliest
    from {{ ref('urgent_care_wait') }} as wait
    inner join {{ ref('urgent_care_pathway') }} as pathway
        on wait.urgent_care_pathway_id = pathway.urgent_care_pathway_id
    where wait.started_on is not null

),

placed as (

    select
        wait.*,
        case when place.is_site then wait.blocked_site_code else 'ALL' end as site_code
    from wait
    inner join (
        select true as is_site
        union all
        select false as is_site
    ) as place
        on not place.is_site or wait.blocked_site_code is not null

),

measured as (

    select
        period_start,
        site_code,
        wait_step,
        hour_of_day,
        count(*) as journeys,
        count(wait_minutes) as journeys_measured,
        sum(case when wait_minutes > 0 then 1 else 0 end) as journeys_waiting,
        sum(case when is_open then 1 else 0 end) as journeys_still_waiting,
        {{ exact_sum('wait_minutes') }} as total_wait_minutes,
        {{ percentile_disc(0.5, 'wait_minutes') }} as median_wait_minutes,
        {{ percentile_disc(0.9, 'wait_minutes') }} as p90_wait_minutes,
        sum(case when is_costliest then 1 else 0 end) as journeys_where_costliest
    from placed
    group by period_start, site_code, wait_step, hour_of_day

),

-- What all waits of the month come to, the measure of how much each of them blocks.
month as (

    select
        period_start,
        {{ exact_sum('total_wait_minutes') }} as all_wait_minutes
    from measured
    where site_code = 'ALL'
    group by period_start

)

select
    measured.period_start,
    measured.site_code,
    measured.wait_step as step,
    {{ pathway_wait_label('measured.wait_step') }} as step_label,
    {{ pathway_wait_order('measured.wait_step') }} as step_order,
    measured.hour_of_day,
    cast(measured.journeys as bigint) as journeys,
    cast(measured.journeys_measured as bigint) as journeys_measured,
    cast(measured.journeys_waiting as bigint) as journeys_waiting,
    cast(measured.journeys_still_waiting as bigint) as journeys_still_waiting,
    round(measured.total_wait_minutes / 60.0, 1) as total_wait_hours,
    round({{ safe_divide('measured.total_wait_minutes', 'measured.journeys_measured') }}, 1)
        as mean_wait_minutes,
    cast(measured.median_wait_minutes as double) as median_wait_minutes,
    cast(measured.p90_wait_minutes as double) as p90_wait_minutes,
    cast(measured.journeys_where_costliest as bigint) as journeys_where_costliest,
    round(100 * {{ safe_divide('measured.total_wait_minutes', 'month.all_wait_minutes') }}, 1)
        as share_of_all_wait_percent
from measured
inner join month
    on measured.period_start = month.period_start
