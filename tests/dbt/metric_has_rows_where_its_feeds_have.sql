{{ config(severity='warn') }}
-- A metric in the catalogue has figures, unless no record of its feeds was accepted. Only a warning: a
-- small hospital may go without a Category 1 call.
select
    dim_metric.metric_id,
    dim_metric.feeds
from {{ ref('dim_metric') }} as dim_metric
inner join {{ ref('dq_feed') }} as dq_feed
    on
        (', ' || dim_metric.feeds || ', ')
        like ('%, ' || dq_feed.partner || '.' || dq_feed.feed_table || ', %')
left join {{ ref('uec_metric') }} as uec_metric
    on dim_metric.metric_id = uec_metric.metric_id
group by dim_metric.metric_id, dim_metric.feeds
having count(uec_metric.metric_id) = 0 and sum(dq_feed.rows_accepted) > 0
