-- One row per patient and day in a bed after being ready to leave it, in any setting: acute as the
-- morning's discharge list has it, community and mental health from the day of being ready to the day
-- before discharge (F 2.7.3).
with acute as (

    select
        entry.census_date,
        'acute' as setting,
        entry.organisation_code,
        entry.site_code,
        entry.hospital_spell_id as event_id,
        entry.person_id,
        entry.ready_date,
        spell.admission_date as admitted_on,
        entry.pathway_code,
        entry.delay_reason_code,
        entry.local_authority_code,
        spell.has_covid,
        true as is_day_over
    from {{ ref('discharge_list_entry') }} as entry
    left join {{ ref('hospital_spell') }} as spell
        on entry.hospital_spell_id = spell.hospital_spell_id

),

elsewhere as (

    select
        calendar_day.date_day as census_date,
        stay.bed_setting as setting,
        stay.organisation_code,
        stay.site_code,
        stay.inpatient_stay_id as event_id,
        stay.person_id,
        stay.ready_on as ready_date,
        stay.admitted_on,
        stay.pathway_code,
        stay.delay_reason_code,
        stay.local_authority_code,
        cast(null as boolean) as has_covid,
        calendar_day.date_day <= stay.known_until_date as is_day_over
    from {{ ref('inpatient_stay') }} as stay
    inner join {{ ref('calendar_day') }} as calendar_day
        on
            stay.ready_on <= calendar_day.date_day
            and calendar_day.date_day
            < coalesce(stay.discharged_on, {{ days_add(2, 'stay.known_until_date') }})

)

select
    census_date,
    setting,
    organisation_code,
    site_code,
    event_id,
    person_id,
    ready_date,
    {{ days_between('ready_date', 'census_date') }} as days_since_ready,
    {{ not_negative(days_between('admitted_on', 'census_date')) }} as length_of_stay_days,
    pathway_code,
    delay_reason_code,
    local_authority_code,
    has_covid,
    is_day_over
from (
    select * from acute
    union all
    select * from elsewhere
) as delayed
