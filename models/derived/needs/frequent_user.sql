-- One row per person with five or more emergency department attendances in the 12 months up to as_of
-- (F 3.8 FREQ_ATT; ten and more: HIU), alive as far as is known, with the way that most often led there.
with way as (

    select
        person_id,
        led_by,
        count(*) as attendances
    from {{ ref('frequent_attendance') }}
    group by person_id, led_by

),

-- Of two ways that are equally frequent, the one that more services saw.
ranked_way as (

    select
        person_id,
        led_by,
        row_number() over (
            partition by person_id
            order by
                attendances desc,
                case led_by
                    when '111_then_999' then 1
                    when '999' then 2
                    when '111' then 3
                    when 'gp' then 4
                    else 5
                end
        ) as way_rank
    from way

),

attendance as (

    select
        person_id,
        count(*) as ed_attendance_count,
        sum(case when led_by = '111_then_999' then 1 else 0 end) as by_111_then_999_count,
        sum(case when led_by = '999' then 1 else 0 end) as by_999_count,
        sum(case when led_by = '111' then 1 else 0 end) as by_111_count,
        sum(case when led_by = 'gp' then 1 else 0 end) as by_gp_count,
        sum(case when led_by = 'none' then 1 else 0 end) as by_none_count,
        sum(case when is_admitted then 1 else 0 end) as admitted_count,
        count(distinct site_code) as site_count,
        min(arrived_on) as first_attended_on,
        max(arrived_on) as last_attended_on
    from {{ ref('frequent_attendance') }}
    group by person_id

)

select
    attendance.person_id,
    {{ as_of_date() }} as index_date,
    'FREQ_ATT' as definition_id,
    cast(attendance.ed_attendance_count as integer) as ed_attendance_count,
    attendance.ed_attendance_count >= 10 as is_high_intensity,
    ranked_way.led_by as usually_led_by,
    cast(attendance.by_111_then_999_count as integer) as by_111_then_999_count,
    cast(attendance.by_999_count as integer) as by_999_count,
    cast(attendance.by_111_count as integer) as by_111_count,
    cast(attendance.by_gp_count as integer) as by_gp_count,
    cast(attendance.by_none_count as integer) as by_none_count,
    cast(attendance.admitted_count as integer) as admitted_count,
    cast(attendance.site_count as integer) as site_count,
    attendance.first_attended_on,
    attendance.last_attended_on
from attendance
inner join ranked_way
    on
        attendance.person_id = ranked_way.person_id
        and ranked_way.way_rank = 1
inner join {{ ref('person') }} as person
    on attendance.person_id = person.person_id
where person.died_on is null or person.died_on > {{ as_of_date() }}
