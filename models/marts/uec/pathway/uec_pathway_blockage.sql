-- One row per month, place, wait and hour at which the wait began: how many journeys came to it, how many
-- hours they waited, and for how many it was the wait that cost most. Where and when the system is blocked.
-- Read one level at a time: the rows of a site are in its organisation's (site ALL) and in the system's, the
-- rows of the hours in the row of the whole day (hour empty).
with wait as (

    select
        {{ period_start('month', 'wait.started_on') }} as period_start,
        coalesce(wait.organisation_code, 'OTHER') as organisation_code,
        coalesce(wait.site_code, 'ALL') as site_code,
        wait.wait_step,
        wait.started_hour,
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
        wait.period_start,
        case
            when place.level = 'system' then '{{ var("system_organisation") }}'
            else wait.organisation_code
        end as organisation_code,
        case when place.level = 'site' then wait.site_code else 'ALL' end as site_code,
        wait.wait_step,
        case when clock.is_hour then wait.started_hour end as hour_of_day,
        wait.wait_minutes,
        wait.is_open,
        wait.is_costliest
    from wait
    inner join (
        select 'site' as level
        union all
        select 'organisation' as level
        union all
        select 'system' as level
    ) as place
        on place.level <> 'site' or wait.site_code <> 'ALL'
    inner join (
        select true as is_hour
        union all
        select false as is_hour
    ) as clock
        on not clock.is_hour or wait.started_hour is not null

),

measured as (

    select
        period_start,
        organisation_code,
        site_code,
        wait_step,
        hour_of_day,
        count(*) as journeys,
        count(wait_minutes) as journeys_measured,
        sum(case when wait_minutes > 0 then 1 else 0 end) as journeys_waiting,
        sum(case when is_open then 1 else 0 end) as journeys_still_waiting,
        sum(wait_minutes) as total_wait_minutes,
        {{ percentile_disc(0.5, 'wait_minutes') }} as median_wait_minutes,
        {{ percentile_disc(0.9, 'wait_minutes') }} as p90_wait_minutes,
        sum(case when is_costliest then 1 else 0 end) as journeys_where_costliest
    from placed
    group by period_start, organisation_code, site_code, wait_step, hour_of_day

),

-- What all waits of the month come to, the measure of how much each of them blocks.
month as (

    select
        period_start,
        sum(total_wait_minutes) as all_wait_minutes
    from measured
    where organisation_code = '{{ var("system_organisation") }}' and hour_of_day is null
    group by period_start

)

select
    measured.period_start,
    measured.organisation_code,
    measured.site_code,
    measured.wait_step,
    {{ pathway_wait_label('measured.wait_step') }} as wait_label,
    {{ pathway_wait_order('measured.wait_step') }} as wait_order,
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
