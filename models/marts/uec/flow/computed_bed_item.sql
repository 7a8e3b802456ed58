-- One row per acute site, morning and item of the 08:00 bed state: the patients whose spells hold that
-- moment, by the national definition (F 2.7.2). For uec_daily_sitrep, which sets it beside the submitted.
-- A patient is added on the first morning that counts and taken off after the last, so that the work grows
-- with spells and not with days in bed.
{% set items = [
    ('ga_beds_occupied', 0, 'is_general'),
    ('ga_covid_occupied', 0, 'is_general and has_covid'),
    ('adult_ga_beds_occupied', 0, 'is_general and is_adult'),
    ('los_7_plus', 7, 'is_general and is_adult'),
    ('los_14_plus', 14, 'is_general and is_adult'),
    ('los_21_plus', 21, 'is_general and is_adult'),
    ('critical_care_beds_occupied', 0, 'is_critical and is_adult'),
] %}
with inpatient as (

    select
        hospital_spell.*,
        {{ timestamp_add('hour', 8, 'cast(admission_date as timestamp)') }} as first_eight,
        {{ timestamp_add('hour', 8, 'cast(discharge_date as timestamp)') }} as last_eight
    from {{ ref('hospital_spell') }} as hospital_spell
    where patient_classification_code = '1'

),

-- A clock time that is not known is taken for later than 08:00.
stay as (

    select
        site_code,
        admission_date,
        case
            when admitted_at_local <= first_eight then admission_date
            else {{ days_add(1, 'admission_date') }}
        end as first_morning,
        case
            when discharge_date is null then {{ as_of_date() }}
            when discharged_at_local <= last_eight then {{ days_add(-1, 'discharge_date') }}
            else discharge_date
        end as last_morning,
        coalesce(age_years >= 18, true) as is_adult,
        has_covid,
        {{ is_general_and_acute('treatment_function_code') }} as is_general,
        coalesce(treatment_function_code = '192', false) as is_critical
    from inpatient

),

counted as (

    {% for item, nights, condition in items %}
    select
        '{{ item }}' as item,
        site_code,
        greatest(first_morning, {{ days_add(nights, 'admission_date') }}) as first_morning,
        last_morning
    from stay
    where {{ condition }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

-- The spells of a site reach from the first discharge: of those in hospital before, only the last to leave
-- are known.
reach as (

    select
        site_code,
        min(discharge_date) as first_day,
        max(coalesce(discharge_date, admission_date)) as last_day
    from {{ ref('hospital_spell') }}
    group by site_code

),

change as (

    select
        item,
        site_code,
        first_morning as flow_date,
        1 as patients,
        0 as is_in_reach
    from counted
    where first_morning <= last_morning
    union all
    select
        item,
        site_code,
        {{ days_add(1, 'last_morning') }} as flow_date,
        -1 as patients,
        0 as is_in_reach
    from counted
    where first_morning <= last_morning
    union all
    select
        item.item,
        reach.site_code,
        calendar_day.date_day as flow_date,
        0 as patients,
        1 as is_in_reach
    from reach
    inner join {{ ref('calendar_day') }} as calendar_day
        on calendar_day.date_day between reach.first_day and reach.last_day
    cross join (
        {%- for item, nights, condition in items %}
        select '{{ item }}' as item
        {{ 'union all' if not loop.last }}
        {%- endfor %}
    ) as item
    where calendar_day.date_day < {{ as_of_date() }}

),

daily as (

    select
        item,
        site_code,
        flow_date,
        sum(patients) as patients,
        max(is_in_reach) as is_in_reach
    from change
    group by item, site_code, flow_date

),

running as (

    select
        daily.*,
        sum(patients) over (partition by site_code, item order by flow_date) as computed
    from daily

)

select
    site_code,
    flow_date,
    item,
    cast(computed as integer) as computed
from running
where is_in_reach = 1
