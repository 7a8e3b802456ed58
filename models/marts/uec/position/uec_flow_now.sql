-- One row per measure, place and category of the position at as_of, across partners: until when its feed
-- tells, whether that is stale, and how high the pressure is. A number that no feed told is empty, never
-- zero; a sum in which a place is missing says so.
with valued as (

    select
        position.*,
        case
            when position.aggregate <> 'share' then position.numerator
            when measure.unit = 'percent'
                then round(100 * {{ safe_divide('position.numerator', 'position.denominator') }}, 1)
            else round({{ safe_divide('position.numerator', 'position.denominator') }}, 1)
        end as value
    from {{ ref('flow_position') }} as position
    inner join {{ ref('uec_flow_measure') }} as measure
        on position.measure_id = measure.measure_id

),

levelled as (

    select
        valued.measure_id,
        valued.organisation_code,
        valued.site_code,
        max(threshold.level) as pressure_level
    from valued
    inner join {{ ref('uec_flow_threshold') }} as threshold
        on
            valued.measure_id = threshold.measure_id
            and valued.value >= threshold.from_value
            and {{ as_of_date() }} >= threshold.valid_from
            and {{ as_of_date() }} <= coalesce(threshold.valid_to, date '9999-12-31')
    where valued.category = 'ALL'
    group by valued.measure_id, valued.organisation_code, valued.site_code

),

-- Measures that have thresholds, at every place where they ought to be told.
weighed as (

    select
        valued.organisation_code,
        valued.site_code,
        valued.observed_at,
        valued.described_at,
        valued.is_stale,
        levelled.pressure_level,
        row_number() over (
            partition by valued.organisation_code, valued.site_code
            order by coalesce(levelled.pressure_level, 0) desc, valued.measure_id
        ) as level_rank
    from valued
    left join levelled
        on
            valued.measure_id = levelled.measure_id
            and valued.organisation_code = levelled.organisation_code
            and valued.site_code = levelled.site_code
    where
        valued.category = 'ALL'
        and valued.measure_id in (select measure_id from {{ ref('uec_flow_threshold') }})

),

pressure as (

    select
        organisation_code,
        site_code,
        min(observed_at) as observed_at,
        min(described_at) as described_at,
        max(case when is_stale then 1 else 0 end) = 1 as is_stale,
        count(pressure_level) as measures_told,
        count(*) as measures,
        case
            when count(pressure_level) > 1 then max(case when level_rank = 2 then pressure_level end)
            else max(pressure_level)
        end as pressure_level
    from weighed
    group by organisation_code, site_code

),

together as (

    select
        valued.measure_id,
        valued.organisation_code,
        valued.site_code,
        valued.category,
        valued.value,
        valued.observed_at,
        valued.described_at,
        valued.is_stale,
        case when valued.category = 'ALL' then levelled.pressure_level end as pressure_level,
        valued.feed,
        case
            when valued.numerator is null then 'Not told'
            when valued.value is null then 'Nobody to count'
            when valued.is_partial then 'Not told by every place: the sum is of the others'
        end as note
    from valued
    left join levelled
        on
            valued.measure_id = levelled.measure_id
            and valued.organisation_code = levelled.organisation_code
            and valued.site_code = levelled.site_code
    union all
    select
        'pressure' as measure_id,
        organisation_code,
        site_code,
        'ALL' as category,
        cast(pressure_level as double) as value,
        observed_at,
        described_at,
        is_stale,
        pressure_level,
        'several' as feed,
        'Rests on ' || cast(measures_told as {{ dbt.type_string() }}) || ' of '
        || cast(measures as {{ dbt.type_string() }}) || ' measures' as note
    from pressure

)

select
    measure.section,
    together.measure_id,
    measure.measure_order,
    measure.label,
    measure.definition,
    together.organisation_code,
    together.site_code,
    together.category,
    measure.category_name,
    together.value,
    measure.unit,
    together.observed_at,
    together.described_at,
    cast({{ minutes_between('together.observed_at', as_of()) }} as bigint) as age_minutes,
    together.is_stale,
    cast(together.pressure_level as integer) as pressure_level,
    together.feed,
    together.note
from together
inner join {{ ref('uec_flow_measure') }} as measure
    on together.measure_id = measure.measure_id
