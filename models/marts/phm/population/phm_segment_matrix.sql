-- One row per snapshot, place, age band and number of long-term conditions (0 to 3, 4+): people, and their
-- emergency use and cost in 12 months (F 4.2). Place is the sub-ICB location, or all. People in secondary
-- use only.
with person as (

    select
        profile.index_date,
        coalesce(profile.sub_icb_code, 'unknown') as sub_icb_code,
        {{ segment_age_band('profile.age_years') }} as age_band,
        case
            when profile.ltc_count >= 4 then '4+'
            else cast(profile.ltc_count as {{ dbt.type_string() }})
        end as ltc_band,
        person_use.ed_attendance_count,
        person_use.emergency_admission_count,
        person_use.cost_pounds
    from {{ ref('person_profile') }} as profile
    inner join ({{ snapshot_dates() }}) as snapshot
        on profile.index_date = snapshot.index_date
    inner join {{ ref('person_for_research_and_planning') }} as permitted
        on profile.person_id = permitted.person_id
    inner join {{ ref('person_use') }} as person_use
        on profile.person_id = person_use.person_id and profile.index_date = person_use.index_date

),

by_place as (

    select
        index_date,
        sub_icb_code,
        age_band,
        ltc_band,
        count(*) as people,
        sum(ed_attendance_count) as ed_attendances,
        sum(emergency_admission_count) as emergency_admissions,
        sum(cast(cost_pounds as decimal(18, 2))) as cost_pounds
    from person
    group by index_date, sub_icb_code, age_band, ltc_band

),

summed as (

    select * from by_place
    union all
    select
        index_date,
        'all' as sub_icb_code,
        age_band,
        ltc_band,
        sum(people) as people,
        sum(ed_attendances) as ed_attendances,
        sum(emergency_admissions) as emergency_admissions,
        sum(cost_pounds) as cost_pounds
    from by_place
    group by index_date, age_band, ltc_band

)

select
    index_date,
    sub_icb_code,
    age_band,
    ltc_band,
    cast(people as integer) as people,
    cast(ed_attendances as integer) as ed_attendances,
    1000 * {{ safe_divide('ed_attendances', 'people') }} as ed_per_1000,
    cast(emergency_admissions as integer) as emergency_admissions,
    1000 * {{ safe_divide('emergency_admissions', 'people') }} as emergency_admissions_per_1000,
    cast(cost_pounds as double) as cost_pounds,
    {{ safe_divide('cost_pounds', 'people') }} as cost_per_head_pounds
from summed
