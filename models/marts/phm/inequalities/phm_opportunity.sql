-- One row per indicator that costs, place, network or practice, and benchmark, at as_of (F 4.15): events and
-- pounds less, had it the rate of its peers, standardised by age. People in secondary use only.
with rated as (

    select
        rate.index_date,
        rate.indicator_id,
        rate.label,
        rate.group_kind,
        rate.group_value,
        rate.is_full_year,
        rate.events,
        rate.standardised_rate,
        indicator.cost_activity
    from {{ ref('phm_rate') }} as rate
    inner join {{ ref('phm_indicator') }} as indicator
        on rate.indicator_id = indicator.indicator_id
    where
        rate.index_date = {{ as_of_date() }}
        and rate.group_kind in ('place', 'pcn', 'practice')
        and rate.group_value <> 'unknown'
        and rate.standardised_rate is not null
        and indicator.cost_activity is not null
        and indicator.better = 'lower'

),

peer as (

    {%- for benchmark, share in [('median', 0.5), ('best_quarter', 0.25)] %}
    select
        indicator_id,
        group_kind,
        '{{ benchmark }}' as benchmark,
        count(*) as peers,
        {{ percentile_disc(share, 'standardised_rate') }} as benchmark_rate
    from rated
    group by indicator_id, group_kind
    having count(*) >= 3
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

sized as (

    select
        rated.*,
        peer.benchmark,
        peer.peers,
        peer.benchmark_rate,
        greatest(0, rated.events * (1 - peer.benchmark_rate / rated.standardised_rate)) as events_less
    from rated
    inner join peer
        on rated.indicator_id = peer.indicator_id and rated.group_kind = peer.group_kind

)

select
    sized.index_date,
    sized.indicator_id,
    sized.label,
    sized.group_kind,
    sized.group_value,
    sized.benchmark,
    sized.is_full_year,
    cast(sized.peers as integer) as peers,
    cast(sized.events as integer) as events,
    sized.standardised_rate,
    sized.benchmark_rate,
    round(sized.events_less, 6) as events_less,
    round(sized.events_less * unit_cost.pounds, 0) as pounds_less
from sized
left join {{ ref('unit_cost') }} as unit_cost
    on
        sized.cost_activity = unit_cost.activity
        and sized.index_date >= unit_cost.valid_from
        and sized.index_date <= coalesce(unit_cost.valid_to, {{ no_end() }})
