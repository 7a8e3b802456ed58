-- One row per request for a package of care at home, as it was last stated (F 2.13.3).
with statements as (

    select
        staged.*,
        person_identity.person_id,
        row_number() over (
            partition by staged.care_package_request_id
            order by staged.stated_at_local desc
        ) as recency,
        -- The newest statement that names a person speaks for the request.
        first_value(person_identity.person_id) over (
            partition by staged.care_package_request_id
            order by
                case when person_identity.match_method = 'unmatched' then 1 else 0 end,
                staged.stated_at_local desc
            rows between unbounded preceding and unbounded following
        ) as request_person_id,
        first_value(staged.location_code) over (
            partition by staged.care_package_request_id
            order by staged.stated_at_local
            rows between unbounded preceding and unbounded following
        ) as first_location_code
    from (
        {{ stacked([
            'stg_essex__packages_awaited',
            'stg_thurrock__packages_awaited',
            'stg_southend__brokerage_journal'
        ]) }}
    ) as staged
    {{ left_join_person('staged', 'care_package_statement_id') }}

)

select
    care_package_request_id,
    organisation_code,
    request_person_id as person_id,
    requested_on,
    closed_on,
    status_code,
    first_location_code,
    location_code,
    package_type_code,
    hours_per_week,
    case
        when status_code <> 'waiting'
            then {{ not_negative(days_between('requested_on', 'closed_on')) }}
    end as wait_days
from statements
where recency = 1
