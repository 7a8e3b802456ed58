-- One row per event of adult social care that counts after the rules for client level data (F 2.13.3).
-- Each month is told by the newest submission that covers it. What is the same event by its key is one, as
-- the latest month, an open end before a closed one, the hierarchy of outcomes and the newest row say. A
-- service that a later month no longer has ends with the last month that had it.
with records as (

    select
        staged.*,
        person_identity.person_id,
        -- ended by death, where it was to go on longer
        case
            when staged.date_of_death >= staged.started_on
                and (staged.ended_on is null or staged.date_of_death < staged.ended_on)
                then staged.date_of_death
            else staged.ended_on
        end as end_date
    from (
        {{ stacked([
            'stg_essex__client_level_data',
            'stg_southend__client_level_data',
            'stg_thurrock__client_level_data'
        ]) }}
    ) as staged
    {{ left_join_person('staged', 'client_level_record_id') }}
    where coalesce(staged.date_of_death >= staged.started_on, true)

),

months as (

    select
        submission.organisation_code,
        submission.submission_id,
        calendar_day.month_start,
        {{ days_add(-1, period_start('month', days_add(31, 'calendar_day.month_start'))) }} as month_end,
        row_number() over (
            partition by submission.organisation_code, calendar_day.month_start
            order by submission.received_at desc, submission.submission_id
        ) as recency
    from {{ ref('social_care_submission') }} as submission
    inner join {{ ref('calendar_day') }} as calendar_day
        on
            calendar_day.date_day = calendar_day.month_start
            and calendar_day.date_day between submission.tells_from and submission.tells_until

),

last_told as (

    select
        organisation_code,
        max(month_end) as last_month_end
    from months
    group by organisation_code

),

in_period as (

    select
        records.client_level_record_id,
        max(months.month_end) as told_until
    from records
    inner join months
        on
            records.submission_id = months.submission_id
            and months.recency = 1
            and records.started_on <= months.month_end
            and coalesce(records.date_of_death >= months.month_start, true)
            and (
                records.end_date between months.month_start and months.month_end
                or (records.event_type = 'service' and coalesce(records.end_date >= months.month_start, true))
            )
    group by records.client_level_record_id

),

keyed as (

    select
        records.*,
        in_period.told_until,
        -- person, client and event, with what tells events of one day apart
        records.organisation_code || '|' || records.person_id || '|' || coalesce(records.client_type, '')
        || '|' || records.event_type || '|' || cast(records.started_on as {{ dbt.type_string() }}) || '|'
        || case
            when records.event_type = 'service'
                then coalesce(records.service_type, '') || '|'
                    || coalesce(records.service_component, records.sent_service_component, '')
            else cast(records.end_date as {{ dbt.type_string() }}) || '|'
                || coalesce(records.route_of_access, '') || '|' || coalesce(records.assessment_type, '')
        end as event_key
    from records
    inner join in_period
        on records.client_level_record_id = in_period.client_level_record_id

),

ranked as (

    select
        keyed.*,
        row_number() over (
            partition by keyed.event_key
            order by
                keyed.told_until desc,
                coalesce(keyed.end_date, date '9999-12-31') desc,
                coalesce(keyed.event_outcome_rank, 99),
                keyed.received_at desc,
                keyed.submission_row desc
        ) as preference
    from keyed

)

select
    md5(ranked.event_key) as social_care_event_id,
    ranked.person_id,
    ranked.organisation_code,
    ranked.client_type,
    ranked.event_type,
    ranked.started_on,
    case when {{ is_cropped() }} then ranked.told_until else ranked.end_date end as ended_on,
    {{ is_cropped() }} as is_cropped,
    ranked.route_of_access,
    ranked.assessment_type,
    ranked.service_type,
    ranked.service_component,
    ranked.delivery_mechanism,
    ranked.primary_support_reason,
    ranked.event_outcome,
    ranked.accommodation_status,
    {{ weekly_cost('ranked.unit_cost', 'ranked.cost_frequency', 'ranked.units_per_week') }}
        as weekly_cost_pounds,
    coalesce(ranked.service_group = 'long_term', false) as is_long_term_support,
    ranked.feed_table
from ranked
inner join last_told
    on ranked.organisation_code = last_told.organisation_code
where ranked.preference = 1
