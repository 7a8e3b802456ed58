-- One row per emergency department attendance and the hospital spell it led to, one-to-one (F 9.2): the
-- attendance that the hospital's system names, else same person and organisation with an emergency
-- admission (21, 2A) within six hours of departure; by date where the time of admission is not known.
with attendances as (

    select
        ed_attendance_id,
        organisation_code,
        person_id,
        departed_at,
        cast({{ timestamp_add('hour', -6, 'departed_at_local') }} as date) as earliest_date,
        cast({{ timestamp_add('hour', 6, 'departed_at_local') }} as date) as latest_date
    from {{ ref('ed_attendance') }}

),

pairs as (

    select
        attendances.ed_attendance_id as from_event_id,
        spell.hospital_spell_id as to_event_id,
        'source_ed_attendance_id' as link_method,
        1 as method_rank,
        {{ seconds_between('attendances.departed_at', 'spell.admitted_at') }} as seconds_apart
    from attendances
    inner join {{ ref('hospital_spell') }} as spell
        on attendances.ed_attendance_id = spell.source_ed_attendance_id
    union all
    select
        attendances.ed_attendance_id as from_event_id,
        spell.hospital_spell_id as to_event_id,
        case when spell.has_admission_time then 'person' else 'person_and_date' end as link_method,
        case when spell.has_admission_time then 2 else 3 end as method_rank,
        {{ seconds_between('attendances.departed_at', 'spell.admitted_at') }} as seconds_apart
    from attendances
    inner join {{ ref('hospital_spell') }} as spell
        on
            attendances.person_id = spell.person_id
            and attendances.organisation_code = spell.organisation_code
            and spell.admission_date between attendances.earliest_date and attendances.latest_date
    where spell.admission_method_code in ('21', '2A')

),

candidates as (

    select
        from_event_id,
        to_event_id,
        link_method,
        method_rank,
        coalesce(abs(seconds_apart), 0) as distance_seconds,
        cast(floor(seconds_apart / 60.0) as integer) as minutes_between
    from pairs
    where method_rank <> 2 or abs(seconds_apart) <= 21600

),

{{ one_to_one_links('ed_to_spell', 'candidates') }}
