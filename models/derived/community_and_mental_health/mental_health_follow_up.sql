-- One row per discharge from an acute mental-health bed, with the first care after it (F 3.10 MH_72H): an
-- attended contact with any mental-health team on one of the three days after the day of discharge, or
-- another stay in a mental-health bed by then. What is not to be counted says why in `exclusion`.
with stay as (

    select
        inpatient_stay_id,
        person_id,
        organisation_code,
        bed_type_code,
        age_years,
        admitted_on,
        discharged_on,
        discharge_destination_code,
        {{ days_add(3, 'discharged_on') }} as last_day
    from {{ ref('inpatient_stay') }}
    where
        bed_setting = 'mental_health'
        and discharged_on >= admitted_on

),

discharge as (

    select *
    from stay
    where bed_type_code in ('mh_adult_acute', 'mh_older_adult', 'mh_intensive_care')

),

care as (

    select
        person_id,
        cast(contact_at_local as date) as cared_on,
        cast(null as {{ dbt.type_string() }}) as inpatient_stay_id
    from {{ ref('care_contact') }}
    where setting = 'mental_health' and is_attended
    union all
    select
        person_id,
        admitted_on as cared_on,
        inpatient_stay_id
    from {{ ref('inpatient_stay') }}
    where bed_setting = 'mental_health'

),

followed as (

    select
        discharge.inpatient_stay_id,
        min(care.cared_on) as followed_up_on
    from discharge
    inner join care
        on discharge.person_id = care.person_id
    where
        care.cared_on <= discharge.last_day
        and (
            (care.inpatient_stay_id is null and care.cared_on > discharge.discharged_on)
            or (
                care.inpatient_stay_id <> discharge.inpatient_stay_id
                and care.cared_on >= discharge.discharged_on
            )
        )
    group by discharge.inpatient_stay_id

),

told as (

    select
        organisation_code,
        min(cast(contact_at_local as date)) as known_from_date,
        max(known_until_date) as known_until_date
    from {{ ref('care_contact') }}
    where setting = 'mental_health' and not is_before_referral
    group by organisation_code

)

select
    discharge.inpatient_stay_id,
    discharge.person_id,
    discharge.organisation_code,
    discharge.bed_type_code,
    discharge.age_years,
    discharge.discharged_on,
    {{ days_add(4, 'discharge.discharged_on') }} as counted_on,
    followed.followed_up_on,
    followed.followed_up_on is not null as is_followed_up,
    case
        when discharge.age_years < 18 then 'not_adult'
        when discharge.discharge_destination_code = '79' then 'died'
        when person.died_on <= discharge.last_day then 'died'
        when discharge.discharge_destination_code = '51' then 'transferred'
        when coalesce(discharge.last_day > told.known_until_date, true) then 'not_known_yet'
        when discharge.discharged_on < told.known_from_date then 'before_records'
    end as exclusion
from discharge
left join followed
    on discharge.inpatient_stay_id = followed.inpatient_stay_id
left join told
    on discharge.organisation_code = told.organisation_code
left join {{ ref('person') }} as person
    on discharge.person_id = person.person_id
