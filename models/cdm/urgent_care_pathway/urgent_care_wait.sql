-- One row per journey and wait that the journey came to: where and when it began, how long it was. The
-- waits of a journey do not overlap, so they can be added. A wait whose times are not known has no minutes
-- and is not zero; one that goes on is counted up to as_of.
with timed as (

    select
        wait.*,
        {{ utc_to_local('wait.started_at') }} as started_at_local,
        coalesce(wait.stopped_at, case when wait.is_open then wait.as_of_at end) as until_at
    from {{ ref('pathway_timed_wait') }} as wait

),

measured as (

    select
        timed.*,
        {{ not_negative(seconds_between('started_at', 'until_at')) }} as wait_seconds
    from timed

),

dated as (

    select
        wait.*,
        coalesce(wait.stopped_on, case when wait.is_open then wait.as_of_date end) as until_on
    from {{ ref('pathway_dated_wait') }} as wait

)

select
    urgent_care_pathway_id,
    wait_step,
    organisation_code,
    site_code,
    cast(started_at_local as date) as started_on,
    cast(extract(hour from started_at_local) as integer) as started_hour,
    cast(round(wait_seconds / 60.0, 1) as double) as wait_minutes,
    is_open
from measured
union all
select
    urgent_care_pathway_id,
    wait_step,
    organisation_code,
    site_code,
    started_on,
    cast(null as integer) as started_hour,
    cast(1440 * ({{ not_negative(days_between('started_on', 'until_on')) }}) as double) as wait_minutes,
    is_open
from dated
