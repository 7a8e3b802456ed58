-- One row per person, index date and thing that is true of the person on the day, as far as segments and
-- profiles ask (F 4.2): registers, states of the GP record, recent hospital diagnoses, recent emergencies,
-- open mental-health caseload, a care home.
{{ rows_follow_key('person_id', {
    'registered_person': 'person_id', 'person_register': 'person_id', 'gp_health_period': 'person_id',
    'hospital_health_period': 'person_id', 'costed_activity': 'person_id', 'care_referral': 'person_id',
    'social_care_event': 'person_id',
}, partition='index_date', partitioned=['registered_person', 'person_register']) }}
with fact_period as (

    select
        period.person_id,
        period.state_code as fact,
        period.valid_from,
        period.valid_until
    from {{ ref('gp_health_period') }} as period
    where
        period.state_code in (
            'ALCOHOL_35', 'BMI_30', 'CAREHOME', 'CKD_STAGE_5', 'DELIVERY_12_MONTHS', 'DIALYSIS',
            'DIASTOLIC_90', 'ENDOFLIFE', 'FRAIL_SEVERE', 'HEMIPLEGIA', 'HOMEOXYGEN',
            'METASTASIS_12_MONTHS', 'PREGNANT', 'SMOKER', 'SPINALINJ', 'SYSTOLIC_140', 'TRANSPLANTWAIT'
        )
    union all
    select
        period.person_id,
        'HOSPITAL_' || period.state_code as fact,
        period.valid_from,
        period.valid_until
    from {{ ref('hospital_health_period') }} as period
    where period.purpose = 'segment'
    union all
    select
        referral.person_id,
        'MENTAL_HEALTH_CASELOAD' as fact,
        cast(referral.received_at_local as date) as valid_from,
        coalesce(referral.closed_on, {{ no_end() }}) as valid_until
    from {{ ref('care_referral') }} as referral
    where referral.setting = 'mental_health'
    union all
    -- The last day is part of it.
    select
        event.person_id,
        case
            when
                lower(event.service_type) like '%nursing care%'
                or lower(event.service_type) like '%residential care%'
                then 'CAREHOME'
            else 'LONG_TERM_SUPPORT'
        end as fact,
        event.started_on as valid_from,
        coalesce({{ days_add(1, 'event.ended_on') }}, {{ no_end() }}) as valid_until
    from {{ ref('social_care_event') }} as event
    where event.is_long_term_support

),

on_day as (

    select
        registered.person_id,
        registered.index_date,
        fact_period.fact,
        1 as times
    from fact_period
    inner join {{ ref('registered_person') }} as registered
        on
            fact_period.person_id = registered.person_id
            and fact_period.valid_from <= registered.index_date
            and fact_period.valid_until > registered.index_date
    union all
    select
        activity.person_id,
        registered.index_date,
        case
            when activity.activity = 'ed_attendance' then 'ED_ATTENDANCE_90_DAYS'
            else 'EMERGENCY_ADMISSION_90_DAYS'
        end as fact,
        activity.activity_count as times
    from {{ ref('costed_activity') }} as activity
    inner join {{ ref('registered_person') }} as registered
        on
            activity.person_id = registered.person_id
            and activity.on_date <= registered.index_date
            and {{ days_add(90, 'activity.on_date') }} > registered.index_date
    where activity.activity in ('ed_attendance', 'emergency_admission')
    union all
    select
        register.person_id,
        register.index_date,
        'ON_' || register.register_code as fact,
        1 as times
    from {{ ref('person_register') }} as register
    where
        register.register_code in (
            'PC', 'DEM', 'HF', 'COPD', 'LD', 'AUT', 'MS', 'MND', 'CP', 'STIA', 'SMI', 'NDH', 'HTN'
        )
    union all
    select
        register.person_id,
        register.index_date,
        'ON_HF_LVSD' as fact,
        1 as times
    from {{ ref('person_register') }} as register
    where
        register.register_code = 'HF'
        and register.subtype = 'lvsd'

)

select
    person_id,
    index_date,
    fact,
    cast(sum(times) as integer) as times
from on_day
group by person_id, index_date, fact
