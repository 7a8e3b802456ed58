-- One row per contact of a community or mental-health service, held or missed (F 2.10, 2.11). Contacts of
-- one referral at one moment are one visit; where no time is known, they stay apart, for two visits a day are
-- common. The referral tells who the person is; where it is not known, the provider's number, if all its
-- referrals agree.
with staged as (

    select stacked.*
    from (
        {{ stacked([
            'stg_eput__mh_contacts',
            'stg_nelft__mh_contacts',
            'stg_eput__community_contacts',
            'stg_nelft__community_contacts',
            'stg_provide__community_contacts'
        ]) }}
    ) as stacked

),

-- What a provider has told of its contacts reaches up to the day before its newest file.
told_until as (

    select
        organisation_code,
        setting,
        {{ days_add(-1, 'max(cast(received_at as date))') }} as known_until_date
    from staged
    group by organisation_code, setting

),

person_of_number as (

    select
        organisation_code,
        local_patient_id,
        min(person_id) as person_id
    from {{ ref('care_referral_record') }}
    where local_patient_id is not null
    group by organisation_code, local_patient_id
    having min(person_id) = max(person_id)

),

contacts as (

    select
        staged.care_contact_id,
        record.care_referral_id,
        coalesce(record.person_id, person_of_number.person_id) as person_id,
        staged.organisation_code,
        staged.setting,
        staged.contact_at_local,
        staged.has_contact_time,
        staged.attendance_code,
        coalesce(staged.attendance_code in ('5', '6'), false) as is_attended,
        staged.mechanism_code,
        staged.location_type_code,
        case when staged.attendance_code in ('5', '6') then staged.duration_minutes end as duration_minutes,
        coalesce(cast(staged.contact_at_local as date) < cast(record.received_at_local as date), false)
            as is_before_referral,
        told_until.known_until_date,
        staged.feed_table,
        case
            when staged.has_contact_time and record.care_referral_id is not null
                then record.care_referral_id
            else staged.care_contact_id
        end as visit
    from staged
    inner join told_until
        on staged.organisation_code = told_until.organisation_code and staged.setting = told_until.setting
    left join {{ ref('care_referral_record') }} as record
        on staged.care_referral_id = record.care_referral_record_id
    left join person_of_number
        on
            staged.organisation_code = person_of_number.organisation_code
            and staged.local_patient_id = person_of_number.local_patient_id

),

told as (

    select
        contacts.*,
        row_number() over (
            partition by visit, contact_at_local
            order by case when is_attended then 0 else 1 end, care_contact_id
        ) as telling,
        count(*) over (partition by visit, contact_at_local) as records
    from contacts

)

select
    care_contact_id,
    care_referral_id,
    person_id,
    organisation_code,
    setting,
    contact_at_local,
    has_contact_time,
    attendance_code,
    is_attended,
    mechanism_code,
    location_type_code,
    duration_minutes,
    is_before_referral,
    records as recorded_contacts,
    known_until_date,
    feed_table
from told
where telling = 1
