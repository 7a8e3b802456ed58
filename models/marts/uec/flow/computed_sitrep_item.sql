-- One row per acute site, day and item of the daily situation report: the number that the patients' own
-- records give by the national definition (F 2.7). Only days to which the records of the item reach at the
-- site; there a missing patient is a 0. For uec_daily_sitrep, which sets it beside what was submitted.
{% set counts = [
    ('ed_type_1_attendances', 'attendance', 'arrival_date', "department_type_code = '01'"),
    ('ed_type_1_over_4h', 'attendance', 'arrival_date',
        "department_type_code = '01' and duration_minutes > 240 and not is_over_72h"),
    ('dta_waits_4_to_12h', 'attendance', 'departure_date',
        'is_admitted and not is_over_72h and decision_to_departure_minutes between 240 and 719'),
    ('dta_waits_12h', 'attendance', 'departure_date',
        'is_admitted and not is_over_72h and decision_to_departure_minutes >= 720'),
    ('ambulance_arrivals', 'ambulance', 'arrival_date', 'true'),
    ('handovers_15_to_30', 'ambulance', 'arrival_date', 'handover_minutes between 16 and 30'),
    ('handovers_30_to_60', 'ambulance', 'arrival_date', 'handover_minutes between 31 and 60'),
    ('handovers_over_60', 'ambulance', 'arrival_date', 'handover_minutes > 60'),
    ('nctr_patients', 'listed', 'census_date', 'true'),
    ('not_discharged', 'listed', 'census_date', 'not is_discharged_on_day'),
    ('discharges', 'discharge', 'discharge_date', 'true'),
    ('discharges_by_1700', 'discharge', 'discharge_date', 'is_discharged_by_17'),
    ('discharges_after_1700', 'discharge', 'discharge_date', 'not is_discharged_by_17'),
] %}
with attendance as (

    select
        ed_attendance.*,
        cast(arrived_at_local as date) as arrival_date,
        cast(departed_at_local as date) as departure_date
    from {{ ref('ed_attendance') }} as ed_attendance
    where is_counted

),

ambulance as (

    select
        receiving_site_code as site_code,
        cast(coalesce(arrived_hospital_at_local, call_connect_at_local) as date) as arrival_date,
        handover_minutes
    from {{ ref('ambulance_incident') }}
    where is_counted and is_conveyed_to_ed

),

listed as (

    select
        entry.site_code,
        entry.census_date,
        coalesce(spell.discharge_date = entry.census_date, false) as is_discharged_on_day
    from {{ ref('discharge_list_entry') }} as entry
    left join {{ ref('hospital_spell') }} as spell
        on entry.hospital_spell_id = spell.hospital_spell_id

),

discharge as (

    select
        site_code,
        discharge_date,
        is_discharged_by_17
    from {{ ref('fct_hospital_spell') }}
    where is_inpatient_discharge

),

counted as (

    {{ counted_by_item(counts) }}

),

-- From when to when the records reach. A list is known day by day; one ambulance service tells of all sites.
reach as (

    select
        'attendance' as record,
        site_code,
        min(arrival_date) as first_day,
        max(arrival_date) as last_day
    from attendance
    group by site_code
    union all
    select
        'discharge' as record,
        site_code,
        min(discharge_date) as first_day,
        max(coalesce(discharge_date, admission_date)) as last_day
    from {{ ref('hospital_spell') }}
    group by site_code
    union all
    select
        'listed' as record,
        listed_site.site_code,
        listed_day.census_date as first_day,
        listed_day.census_date as last_day
    from (select distinct site_code from listed) as listed_site
    cross join (select distinct census_date from listed) as listed_day
    union all
    select
        'ambulance' as record,
        ambulance_site.site_code,
        ambulance_day.first_day,
        ambulance_day.last_day
    from (select distinct site_code from ambulance where site_code is not null) as ambulance_site
    cross join (
        select
            min(arrival_date) as first_day,
            max(arrival_date) as last_day
        from ambulance
    ) as ambulance_day

)

{{ items_in_reach(counts) }}
