-- A metric without any target, past or present, says why there is none; one with a target does not claim
-- the contrary.
select
    dim_metric.metric_id,
    dim_metric.no_target
from {{ ref('dim_metric') }} as dim_metric
left join (
    select metric_id
    from {{ ref('uec_metric_target') }}
    group by metric_id
) as target
    on dim_metric.metric_id = target.metric_id
where (target.metric_id is null) = (dim_metric.no_target is null)
