-- One row per referral to urgent community response (team 51), with its clock and its first visit
-- (F 3.10 UCR_2H). The clock starts when the referral is received or, outside service hours, when the
-- service next opens; it stops at the first attended contact face to face. What cannot be measured says why
-- in `exclusion`, and counts nowhere.
with referral as (

    select
        referral.care_referral_id,
        referral.person_id,
        referral.organisation_code,
        referral.age_years,
        referral.priority_code,
        referral.rejected_on,
        referral.close_reason_code,
        referral.received_at_local,
        referral.has_received_time,
        case
            when extract(hour from referral.received_at_local) >= hours.closes_at_hour
                then {{ days_add(1, 'referral.received_at_local') }}
            else cast(referral.received_at_local as date)
        end as open_day,
        hours.opens_at_hour,
        extract(hour from referral.received_at_local) >= hours.opens_at_hour
        and extract(hour from referral.received_at_local) < hours.closes_at_hour as is_open
    from {{ ref('care_referral') }} as referral
    inner join {{ ref('urgent_response_hours') }} as hours
        on referral.organisation_code = hours.organisation_code
    where referral.setting = 'community' and referral.service_type_code = '51'

),

clock as (

    select
        referral.*,
        case
            when is_open then received_at_local
            else {{ timestamp_add('hour', 'opens_at_hour', 'cast(open_day as timestamp)') }}
        end as clock_start_at_local
    from referral

),

-- A visit dated before its referral is a mistake of one of the two.
visit as (

    select
        contact.care_referral_id,
        min(case when contact.has_contact_time then contact.contact_at_local end) as first_visit_at_local,
        min(case when not contact.has_contact_time then cast(contact.contact_at_local as date) end)
            as first_untimed_on
    from {{ ref('care_contact') }} as contact
    inner join referral
        on contact.care_referral_id = referral.care_referral_id
    where
        contact.is_attended
        and contact.mechanism_code = '01'
        and not contact.is_before_referral
        and (not contact.has_contact_time or contact.contact_at_local >= referral.received_at_local)
    group by contact.care_referral_id

),

told as (

    select
        organisation_code,
        min(cast(contact_at_local as date)) as known_from_date,
        max(known_until_date) as known_until_date
    from {{ ref('care_contact') }}
    where setting = 'community' and not is_before_referral
    group by organisation_code

),

measured as (

    select
        clock.*,
        visit.first_visit_at_local,
        visit.first_untimed_on,
        told.known_from_date,
        told.known_until_date,
        {{ timestamp_add('hour', 2, 'clock.clock_start_at_local') }} as due_at_local,
        {{ minutes_between(
            local_to_utc('clock.clock_start_at_local'),
            local_to_utc('visit.first_visit_at_local')
        ) }} as minutes_after
    from clock
    left join visit
        on clock.care_referral_id = visit.care_referral_id
    left join told
        on clock.organisation_code = told.organisation_code

)

select
    care_referral_id,
    person_id,
    organisation_code,
    age_years,
    received_at_local,
    clock_start_at_local,
    first_visit_at_local,
    case when minutes_after < 0 then 0 else minutes_after end as minutes_to_visit,
    coalesce(minutes_after <= 120, false) as is_within_2_hours,
    case
        when age_years < 18 then 'not_adult'
        when coalesce(priority_code, '') <> '4' then 'not_two_hour'
        when rejected_on is not null then 'declined'
        when not has_received_time then 'no_time_of_referral'
        when minutes_after <= 120 then null
        when first_untimed_on <= cast(due_at_local as date) then 'no_time_of_visit'
        when first_visit_at_local is null and close_reason_code = '05' then 'died'
        when coalesce(cast(due_at_local as date) > known_until_date, true) then 'not_known_yet'
        when cast(clock_start_at_local as date) < known_from_date then 'before_records'
    end as exclusion
from measured
