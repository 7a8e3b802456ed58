-- One row per request for a package of care that waits at a census, a Sunday. A list is the census of its
-- day; a journal gives the state at the end of the Sunday (F 2.13.3).
with journal as (

    select
        staged.*,
        lead(stated_at_local) over (
            partition by care_package_request_id
            order by stated_at_local
        ) as next_stated_at_local
    from {{ ref('stg_southend__brokerage_journal') }} as staged

),

-- A Sunday is known once the council has told something after it. A journal never tells of requests that were
-- closed before it began: the first closing that it tells shows that it is kept.
told as (

    select
        max(received_at) as told_until,
        coalesce(min(case when status_code <> 'waiting' then stated_at_local end), min(stated_at_local))
            as kept_from
    from (
        select
            stated_at_local,
            status_code,
            received_at
        from {{ ref('stg_southend__brokerage_journal') }}
        union all
        select
            cast(null as timestamp) as stated_at_local,
            cast(null as {{ dbt.type_string() }}) as status_code,
            received_at
        from {{ ref('stg_southend__care_homes') }}
    ) as news

),

statements as (

    {% for partner in ['essex', 'thurrock'] %}
    select
        cast(stated_at_local as date) as census_date,
        organisation_code,
        care_package_request_id,
        status_code,
        location_code,
        package_type_code,
        requested_on
    from {{ ref('stg_' ~ partner ~ '__packages_awaited') }}
    union all
    {% endfor %}
    select
        calendar_day.date_day as census_date,
        journal.organisation_code,
        journal.care_package_request_id,
        journal.status_code,
        journal.location_code,
        journal.package_type_code,
        journal.requested_on
    from journal
    cross join told
    inner join {{ ref('calendar_day') }} as calendar_day
        on
            calendar_day.weekday_number = 7
            and told.kept_from < {{ days_add(1, 'calendar_day.date_day') }}
            and journal.stated_at_local < {{ days_add(1, 'calendar_day.date_day') }}
            and coalesce(journal.next_stated_at_local, told.told_until)
            >= {{ days_add(1, 'calendar_day.date_day') }}

)

select
    statements.census_date,
    statements.organisation_code,
    statements.care_package_request_id,
    request.person_id,
    statements.location_code,
    statements.package_type_code,
    statements.requested_on,
    {{ not_negative(days_between('statements.requested_on', 'statements.census_date')) }} as wait_days
from statements
inner join {{ ref('care_package_request') }} as request
    on statements.care_package_request_id = request.care_package_request_id
where statements.status_code = 'waiting'
