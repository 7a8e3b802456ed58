-- The values of a dimension make all registered people, and those are never more than all people whom the
-- providers counted.
with resident as (

    select
        metric_id,
        period_start,
        dimension,
        sum(numerator) as numerator,
        sum(denominator) as denominator
    from {{ ref('uec_metric_population') }}
    group by metric_id, period_start, dimension

),

provider as (

    select
        metric_id,
        period_start,
        sum(denominator) as denominator
    from {{ ref('uec_metric') }}
    where
        period_grain = 'month'
        and site_code = 'ALL'
        and covid_group = 'all'
        and category = 'ALL'
        and organisation_code <> '{{ var('system_organisation') }}'
    group by metric_id, period_start

)

select
    resident.metric_id,
    resident.period_start,
    resident.dimension,
    resident.denominator,
    everybody.denominator as denominator_all,
    provider.denominator as denominator_provider
from resident
left join resident as everybody
    on
        resident.metric_id = everybody.metric_id
        and resident.period_start = everybody.period_start
        and everybody.dimension = 'all'
left join provider
    on
        resident.metric_id = provider.metric_id
        and resident.period_start = provider.period_start
where
    everybody.denominator is null
    or provider.denominator is null
    or resident.denominator <> everybody.denominator
    or abs(resident.numerator - everybody.numerator) > 0.001
    or everybody.denominator > provider.denominator
