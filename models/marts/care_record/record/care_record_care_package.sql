-- One row per service of adult social care in force at as_of, as far as the newest submission of the council
-- knows, and per package of care that somebody waits for. A service that ends today is in force today.
select
    social.person_id,
    'in_force' as state,
    social.social_care_event_id as source_id,
    social.organisation_code,
    organisation.organisation_name,
    coalesce(social.service_component, social.service_type, 'not named') as service,
    social.delivery_mechanism,
    social.started_on as since_date,
    social.ended_on as until_date,
    cast(null as double) as hours_per_week
from {{ ref('social_care_event') }} as social
left join {{ ref('organisation') }} as organisation
    on social.organisation_code = organisation.organisation_code
where
    social.event_type = 'service'
    and social.client_type = 'service_user'
    and social.person_id is not null
    and social.started_on <= {{ as_of_date() }}
    and coalesce(social.ended_on >= {{ as_of_date() }}, true)
union all
select
    request.person_id,
    'waiting' as state,
    request.care_package_request_id as source_id,
    request.organisation_code,
    organisation.organisation_name,
    coalesce(package.label, 'not named') as service,
    cast(null as {{ dbt.type_string() }}) as delivery_mechanism,
    request.requested_on as since_date,
    cast(null as date) as until_date,
    cast(request.hours_per_week as double) as hours_per_week
from {{ ref('care_package_request') }} as request
left join {{ ref('organisation') }} as organisation
    on request.organisation_code = organisation.organisation_code
{{ left_join_code('care_package_type', 'request.package_type_code', 'package') }}
where
    request.person_id is not null
    and request.status_code = 'waiting'
