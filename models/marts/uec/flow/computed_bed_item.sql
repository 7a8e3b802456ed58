-- One row per acute site, morning and item of the 08:00 bed state: the patients whose spells hold that
-- moment, by the national definition (F 2.7.2). For uec_daily_sitrep, which sets it beside the submitted.
{% set counts = [
    ('ga_beds_occupied', 'morning', 'flow_date', 'is_general'),
    ('ga_covid_occupied', 'morning', 'flow_date', 'is_general and has_covid'),
    ('adult_ga_beds_occupied', 'morning', 'flow_date', 'is_general and is_adult'),
    ('los_7_plus', 'morning', 'flow_date', 'is_general and is_adult and nights >= 7'),
    ('los_14_plus', 'morning', 'flow_date', 'is_general and is_adult and nights >= 14'),
    ('los_21_plus', 'morning', 'flow_date', 'is_general and is_adult and nights >= 21'),
    ('critical_care_beds_occupied', 'morning', 'flow_date', 'is_critical and is_adult'),
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
morning as (

    select
        inpatient.site_code,
        calendar_day.date_day as flow_date,
        {{ days_between('inpatient.admission_date', 'calendar_day.date_day') }} as nights,
        coalesce(inpatient.age_years >= 18, true) as is_adult,
        inpatient.has_covid,
        {{ is_general_and_acute('inpatient.treatment_function_code') }} as is_general,
        coalesce(inpatient.treatment_function_code = '192', false) as is_critical
    from inpatient
    inner join {{ ref('calendar_day') }} as calendar_day
        on
            inpatient.admission_date <= calendar_day.date_day
            and coalesce(inpatient.discharge_date, cast({{ as_of() }} as date)) >= calendar_day.date_day
    where
        (
            calendar_day.date_day > inpatient.admission_date
            or inpatient.admitted_at_local <= inpatient.first_eight
        )
        and (
            inpatient.discharge_date is null
            or calendar_day.date_day < inpatient.discharge_date
            or coalesce(inpatient.discharged_at_local > inpatient.last_eight, true)
        )

),

counted as (

    {{ counted_by_item(counts) }}

),

-- The spells of a site reach from the first discharge: of those in hospital before, only the last to leave
-- are known.
reach as (

    select
        'morning' as record,
        site_code,
        min(discharge_date) as first_day,
        max(coalesce(discharge_date, admission_date)) as last_day
    from {{ ref('hospital_spell') }}
    group by site_code

)

{{ items_in_reach(counts) }}
