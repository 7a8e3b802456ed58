-- One row per indicator, kind of group and group, at as_of: what anybody may see. All, places and fifths of
-- deprivation only; never a place by a fifth, so that nothing small can be had by taking away. Every count is
-- protected from the raw count (F 5.7), and rates are made from protected counts.
with judged as (

    select
        rate.index_date,
        rate.indicator_id,
        rate.label,
        indicator.sentence,
        rate.group_kind,
        rate.group_value,
        indicator.per,
        rate.unit,
        rate.better,
        rate.is_full_year,
        rate.people,
        rate.events,
        {{ protected_count('rate.people') }} as shown_people,
        {{ protected_count('rate.events') }} as shown_events,
        case
            when {{ is_small('rate.people') }} or {{ is_small('rate.events') }} then 'suppressed'
            -- Of a share, those who are not in the numerator are people as well.
            when indicator.per = 100 and {{ is_small('(rate.people - rate.events)') }} then 'suppressed'
            when rate.events = 0 then 'zero'
            else 'ok'
        end as value_status
    from {{ ref('phm_rate') }} as rate
    inner join {{ ref('phm_indicator') }} as indicator
        on rate.indicator_id = indicator.indicator_id
    where
        rate.index_date = {{ as_of_date() }}
        and rate.group_kind in ('all', 'place', 'imd_quintile')

)

select
    index_date,
    indicator_id,
    label,
    sentence,
    group_kind,
    group_value,
    unit,
    better,
    is_full_year,
    {{ suppress('people') }} as people,
    case when value_status = 'suppressed' then '*' else {{ suppress('events') }} end as events,
    value_status,
    case
        when value_status <> 'suppressed'
            then round(per * {{ safe_divide('shown_events', 'shown_people') }}, 1)
    end as value
from judged
