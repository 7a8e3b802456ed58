-- One row per patient and day in a bed after being ready to leave it, in any setting: acute as the
-- morning's discharge list has it, community and mental health from the day of being ready to the day
-- before discharge (F 2.7.3).
with told_until as (

    -- An open stay is known up to the day on which its provider last told of its wards or stays.
    select
        organisation_code,
        max(cast(received_at as date)) as told_on
    from (
        {%- for table in ['ward_beds', 'inpatient_stays'] %}
        {%- for partner in ['eput', 'nelft', 'provide'] %}
        select
            organisation_code,
            received_at
        from {{ ref('stg_' ~ partner ~ '__' ~ table) }}
        {{ 'union all' if not loop.last }}
        {%- endfor %}
        {{ 'union all' if not loop.last }}
        {%- endfor %}
    ) as told
    group by organisation_code

),

acute as (

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
        spell.has_covid
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
        cast(null as boolean) as has_covid
    from {{ ref('inpatient_stay') }} as stay
    inner join told_until
        on stay.organisation_code = told_until.organisation_code
    inner join {{ ref('calendar_day') }} as calendar_day
        on
            stay.ready_on <= calendar_day.date_day
            and calendar_day.date_day < coalesce(stay.discharged_on, {{ days_add(1, 'told_until.told_on') }})

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
    has_covid
from (
    select * from acute
    union all
    select * from elsewhere
) as delayed
