-- One row per person on the newest waiting list and kind of contact (GP, emergency department, 111,
-- ambulance, and days with any of the last three), at as_of: contacts in the last 90 days and in the 365 days
-- before them, and over how many of these days the hub has such records at all.
with today as (

    select
        {{ as_of_date() }} as index_date,
        {{ days_add(-90, as_of_date()) }} as recent_from

),

waiting as (

    select distinct person_id
    from {{ ref('waiting_list_entry') }}
    where is_newest_census and is_rtt_incomplete and person_id is not null

),

told as (

    select
        person_id,
        'gp' as contact_kind,
        cast(starts_at_local as date) as contact_date
    from {{ ref('gp_appointment') }}
    where status_group = 'attended'
    union all
    select
        person_id,
        'ed' as contact_kind,
        cast(arrived_at_local as date) as contact_date
    from {{ ref('ed_attendance') }}
    where coalesce(attendance_category_code, '1') in ('1', '2', '3')
    union all
    select
        person_id,
        'call_111' as contact_kind,
        cast(offered_at_local as date) as contact_date
    from {{ ref('urgent_call') }}
    union all
    select
        person_id,
        'ambulance' as contact_kind,
        cast({{ utc_to_local('call_connect_at') }} as date) as contact_date
    from {{ ref('ambulance_incident') }}
    where not is_test_call

),

-- A call, an ambulance and a department on one day are one turn for the worse.
contact as (

    select
        person_id,
        contact_kind,
        contact_date
    from told
    union all
    select distinct
        person_id,
        'urgent' as contact_kind,
        contact_date
    from told
    where contact_kind <> 'gp'

),

-- What the hub has of a kind begins when the first partner began to send it.
history_of_kind as (

    select
        told.contact_kind,
        least(365, greatest(0, {{ days_between('min(told.contact_date)', 'max(today.recent_from)') }} + 1))
            as before_days
    from told
    cross join today
    where told.contact_date > date '2000-01-01'
    group by told.contact_kind

),

-- Urgent contacts compare over the days of which the hub has all its kinds: a partner who joins is no rise.
history as (

    select
        contact_kind,
        before_days
    from history_of_kind
    union all
    select
        'urgent' as contact_kind,
        min(before_days) as before_days
    from history_of_kind
    where contact_kind <> 'gp'
    having count(*) > 0

),

counted as (

    select
        contact.person_id,
        contact.contact_kind,
        sum(case when contact.contact_date > today.recent_from then 1 else 0 end) as recent,
        sum(case when contact.contact_date <= today.recent_from then 1 else 0 end) as before
    from contact
    inner join waiting
        on contact.person_id = waiting.person_id
    inner join history
        on contact.contact_kind = history.contact_kind
    cross join today
    where
        {{ days_between('contact.contact_date', 'today.recent_from') }} < history.before_days
        and contact.contact_date <= today.index_date
    group by contact.person_id, contact.contact_kind

)

select
    waiting.person_id,
    history.contact_kind,
    cast(coalesce(counted.recent, 0) as integer) as recent_count,
    cast(coalesce(counted.before, 0) as integer) as before_count,
    cast(history.before_days as integer) as before_days
from waiting
cross join history
left join counted
    on
        waiting.person_id = counted.person_id
        and history.contact_kind = counted.contact_kind
