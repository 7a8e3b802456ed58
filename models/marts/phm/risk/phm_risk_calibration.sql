-- One row per tenth of people by predicted risk: how many were to be admitted by the risk model, and how
-- many were (F 4.7).
select
    cast(decile as integer) as decile,
    max(model_version) as model_version,
    cast(count(*) as integer) as people,
    cast(sum(outcome) as integer) as admitted_people,
    {{ exact_sum('probability') }} as expected_people,
    round(avg(probability), 9) as expected_share,
    round({{ safe_divide('sum(outcome)', 'count(*)') }}, 9) as observed_share,
    {{ wilson_lower('sum(outcome)', 'count(*)') }} as observed_lower_limit,
    {{ wilson_upper('sum(outcome)', 'count(*)') }} as observed_upper_limit
from {{ ref('risk_validation') }}
group by decile
