-- The metric and its targets agree on which way is better.
select
    dim_metric.metric_id,
    target.valid_from
from {{ ref('uec_metric_target') }} as target
inner join {{ ref('dim_metric') }} as dim_metric
    on target.metric_id = dim_metric.metric_id
where target.direction <> dim_metric.better
