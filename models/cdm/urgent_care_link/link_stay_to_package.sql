-- One row per stay in a community or mental-health bed and the package of care asked for because of it, one-to-one: the same person,
-- asked for from the day of admission to three days after discharge; the request nearest to the day of being
-- ready comes first (F 9.2).
with pairs as (

    select
        stay.inpatient_stay_id as from_event_id,
        request.care_package_request_id as to_event_id,
        'person' as link_method,
        1 as method_rank,
        86400 * {{ days_between('coalesce(' ~ 'stay.ready_on, stay.discharged_on, request.requested_on' ~ ')', 'request.requested_on') }}
            as seconds_apart
    from {{ ref('inpatient_stay') }} as stay
    inner join {{ ref('care_package_request') }} as request
        on
            stay.person_id = request.person_id
            and request.requested_on >= stay.admitted_on
            and (
                stay.discharged_on is null
                or request.requested_on <= {{ days_add(3, 'stay.discharged_on') }}
            )

),

candidates as (

    select
        {{ candidate_columns() }}
    from pairs

),

{{ one_to_one_links('stay_to_package', 'candidates') }}
