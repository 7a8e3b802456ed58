-- One row per metric: what it means, where its definition comes from, what was chosen where that leaves a
-- choice, the target in force at as_of, and the feeds without which it can not be had. Read from the metric
-- files themselves.
with metric as (

    {{ metric_words([
        'id', 'label', 'unit', 'better', 'aggregate', 'definition', 'source', 'choice', 'dataset', 'no_target',
        'category', 'headline',
    ]) }}

),

feed as (

    {{ metric_feeds_by_metric() }}

)

select
    metric.metric_id,
    metric.label,
    metric.unit,
    metric.better,
    metric.aggregate,
    metric.definition,
    metric.source,
    metric.choice,
    metric.category_name,
    metric.headline_group,
    metric.dataset,
    calendar.days_to_final,
    target.target,
    target.valid_from as target_valid_from,
    target.source as target_source,
    target.is_verified as target_is_verified,
    metric.no_target,
    feed.feeds
from metric
left join feed
    on metric.metric_id = feed.metric_id
left join {{ ref('dataset_calendar') }} as calendar
    on metric.dataset = calendar.dataset
left join {{ ref('uec_metric_target') }} as target
    on
        metric.metric_id = target.metric_id
        and {{ as_of_date() }} >= target.valid_from
        and {{ as_of_date() }} <= coalesce(target.valid_to, date '9999-12-31')
