-- On any day one target of a metric is in force; two would double every figure.
select
    earlier.metric_id,
    earlier.valid_from,
    later.valid_from as next_valid_from
from {{ ref('uec_metric_target') }} as earlier
inner join {{ ref('uec_metric_target') }} as later
    on
        earlier.metric_id = later.metric_id
        and earlier.valid_from < later.valid_from
        and coalesce(earlier.valid_to, date '9999-12-31') >= later.valid_from
