-- One row per registered person, index date and indicator of which something is told of the person: events
-- in the 12 months that end with the day, or 1 for who is in the numerator (seed phm_indicator). Of
-- standards of care there is a row for everybody for whom they are meant; of the others only for whoever
-- has an event, since everybody of the age is in the denominator (indicator_count). The day of as_of, and
-- one and two years before.
with day as (

    select index_date.*
    from {{ ref('index_date') }} as index_date
    cross join (select max(newest.index_number) as latest from {{ ref('index_date') }} as newest) as last_day
    where last_day.latest - index_date.index_number in (0, 12, 24)

),

profile as (

    select
        profile.person_id,
        profile.index_date,
        profile.age_years,
        profile.is_smoker,
        day.year_start_date
    from {{ ref('person_profile') }} as profile
    inner join day
        on profile.index_date = day.index_date

),

spell as (

    select
        profile.person_id,
        profile.index_date,
        spell.hospital_spell_id,
        {{ without_sensitive('icd10', 'spell.primary_diagnosis_code', ['restrict']) }} as primary_code,
        {{ list_without_sensitive('icd10', 'spell.secondary_diagnosis_codes', ['restrict']) }} as other_codes
    from {{ ref('hospital_spell') }} as spell
    inner join profile
        on
            spell.person_id = profile.person_id
            and spell.admission_date between profile.year_start_date and profile.index_date
    where spell.admission_group = 'emergency'

),

acsc as (

    select distinct
        spell.person_id,
        spell.index_date,
        spell.hospital_spell_id,
        acsc_code.acsc_group
    from spell
    inner join {{ ref('acsc_code') }} as acsc_code
        on
            substr(spell.primary_code, 1, 3) = acsc_code.icd10_prefix
            or substr(spell.primary_code, 1, 4) = acsc_code.icd10_prefix

),

told as (

    {%- for code, events in [
        ('ed_attendance', 'person_use.ed_attendance_count'),
        ('emergency_admission', 'person_use.emergency_admission_count'),
        ('frequent', 'case when person_use.ed_attendance_count >= ' ~ frequent_from() ~ ' then 1 else 0 end'),
        ('mental_health', 'case when person_use.mental_health_contact_count > 0 then 1 else 0 end'),
    ] %}
    select
        person_use.person_id,
        person_use.index_date,
        '{{ {"frequent": "frequent", "mental_health": "contact"}.get(code, "use") }}' as source_kind,
        '{{ "" if code == "frequent" else code }}' as source_code,
        {{ events }} as events
    from {{ ref('person_use') }} as person_use
    union all
    {%- endfor %}
    select
        acsc.person_id,
        acsc.index_date,
        'acsc' as source_kind,
        acsc.acsc_group as source_code,
        1 as events
    from acsc
    union all
    select
        acsc.person_id,
        acsc.index_date,
        'acsc' as source_kind,
        'all' as source_code,
        count(distinct acsc.hospital_spell_id) as events
    from acsc
    group by acsc.person_id, acsc.index_date
    union all
    -- Injury as primary diagnosis, and a fall (W00 to W19) among the others.
    select
        spell.person_id,
        spell.index_date,
        'falls' as source_kind,
        '' as source_code,
        1 as events
    from spell
    where
        substr(spell.primary_code, 1, 1) in ('S', 'T')
        and {{ regex_extract('spell.other_codes', '(^|;) *W[01]') }} is not null
    union all
    select
        register.person_id,
        register.index_date,
        'register' as source_kind,
        register.register_code as source_code,
        1 as events
    from {{ ref('person_register') }} as register
    union all
    select
        profile.person_id,
        profile.index_date,
        'smoker' as source_kind,
        '' as source_code,
        1 as events
    from profile
    where profile.is_smoker
    union all
    select
        gap.person_id,
        gap.index_date,
        'gap' as source_kind,
        gap.gap_code as source_code,
        case when gap.is_met then 1 else 0 end as events
    from {{ ref('care_gap') }} as gap
    where gap.is_eligible and not gap.is_excluded

)

select
    told.person_id,
    told.index_date,
    indicator.indicator_id,
    cast(sum(told.events) as integer) as events
from told
inner join {{ ref('phm_indicator') }} as indicator
    on
        told.source_kind = indicator.source_kind
        and told.source_code = coalesce(indicator.source_code, '')
inner join profile
    on told.person_id = profile.person_id and told.index_date = profile.index_date
where
    (told.events > 0 or told.source_kind = 'gap')
    and profile.age_years between coalesce(indicator.min_age, 0) and coalesce(indicator.max_age, 120)
group by told.person_id, told.index_date, indicator.indicator_id
