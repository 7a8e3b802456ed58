-- One row per emergency department attendance and the hospital spell it led to, one-to-one (F 9.2): the
-- attendance that the hospital's system names, else same person and organisation with an emergency
-- admission (21, 2A) within six hours of departure; by date where the time of admission is not known.
with attendances as (

    select
        ed_attendance_id,
        organisation_code,
        person_id,
        -- A departure before arrival or days after it is a typing error, and says nothing about an admission.
        case when duration_minutes <= 4320 then departed_at end as departed_at,
        case when duration_minutes <= 4320 then departed_at_local end as departed_at_local
    from {{ ref('ed_attendance') }}

),

windows as (

    select
        attendances.*,
        cast({{ timestamp_add('hour', -6, 'departed_at_local') }} as date) as earliest_date,
        cast({{ timestamp_add('hour', 6, 'departed_at_local') }} as date) as latest_date
    from attendances

),

pairs as (

    select
        windows.ed_attendance_id as from_event_id,
        spell.hospital_spell_id as to_event_id,
        'source_ed_attendance_id' as link_method,
        1 as method_rank,
        {{ seconds_between('windows.departed_at', 'spell.admitted_at') }} as seconds_apart
    from windows
    inner join {{ ref('hospital_spell') }} as spell
        on windows.ed_attendance_id = spell.source_ed_attendance_id
    union all
    select
        windows.ed_attendance_id as from_event_id,
        spell.hospital_spell_id as to_event_id,
        case when spell.has_admission_time then 'person' else 'person_and_date' end as link_method,
        case when spell.has_admission_time then 2 else 3 end as method_rank,
        {{ seconds_between('windows.departed_at', 'spell.admitted_at') }} as seconds_apart
    from windows
    inner join {{ ref('hospital_spell') }} as spell
        on
            windows.person_id = spell.person_id
            and windows.organisation_code = spell.organisation_code
            and spell.admission_date between windows.earliest_date and windows.latest_date
    where spell.admission_method_code in ('21', '2A')

),

candidates as (

    select
        {{ candidate_columns() }}
    from pairs
    where method_rank <> 2 or abs(seconds_apart) <= 21600

),

{{ one_to_one_links('ed_to_spell', 'candidates') }}
