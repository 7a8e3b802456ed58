-- One row per submission of client level data (F 2.13.3): the time that it really tells of. Derived from
-- the events: of the months in which they ended, before the one in which the file came, those with at
-- least 2% of them and of all but one of the event types that the file has. Of fewer than 100 such events,
-- the dates that the council states.
with records as (

    {%- for council in ['essex', 'southend', 'thurrock'] %}
    select
        submission_id,
        organisation_code,
        received_at,
        reporting_period_start_date,
        reporting_period_end_date,
        event_type,
        ended_on
    from {{ ref('stg_' ~ council ~ '__client_level_data') }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

ended as (

    select
        submission_id,
        {{ period_start('month', 'ended_on') }} as month_start,
        count(*) as events,
        count(distinct event_type) as event_types
    from records
    where ended_on < {{ period_start('month', 'received_at') }}
    group by submission_id, {{ period_start('month', 'ended_on') }}

),

shares as (

    select
        ended.*,
        sum(events) over (partition by submission_id) as all_events,
        max(event_types) over (partition by submission_id) as all_event_types
    from ended

),

told as (

    select
        shares.*,
        100 * events >= 2 * all_events and event_types >= all_event_types - 1 as is_told
    from shares

),

derived as (

    select
        submission_id,
        max(all_events) as events_ended,
        min(case when is_told then month_start end) as first_month,
        max(case when is_told then month_start end) as last_month
    from told
    group by submission_id

),

submissions as (

    select
        submission_id,
        organisation_code,
        max(received_at) as received_at,
        min(reporting_period_start_date) as stated_from,
        max(reporting_period_end_date) as stated_until,
        count(*) as rows_sent
    from records
    group by submission_id, organisation_code

)

select
    submissions.submission_id,
    submissions.organisation_code,
    submissions.received_at,
    submissions.rows_sent,
    coalesce(derived.events_ended, 0) as events_ended,
    submissions.stated_from,
    submissions.stated_until,
    coalesce(derived.events_ended >= 100 and derived.first_month is not null, false) as is_derived,
    case
        when derived.events_ended >= 100 then coalesce(derived.first_month, submissions.stated_from)
        else submissions.stated_from
    end as tells_from,
    case
        when derived.events_ended >= 100 and derived.last_month is not null
            then {{ days_add(-1, period_start('month', days_add(31, 'derived.last_month'))) }}
        else submissions.stated_until
    end as tells_until
from submissions
left join derived
    on submissions.submission_id = derived.submission_id
