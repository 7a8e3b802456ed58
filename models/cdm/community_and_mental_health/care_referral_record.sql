-- One row per referral as a provider recorded it, with the person, and the referral that it speaks of:
-- records of one person, team and day are one referral under several numbers (F 2.11), the lowest of which
-- names it. Referrals to a team that is none (the dummies under which wards hang inpatient spells, F 2.10)
-- are left out: a stay is not a referral.
with staged as (

    select stacked.*
    from (
        {{ stacked([
            'stg_eput__mh_referrals',
            'stg_nelft__mh_referrals',
            'stg_eput__community_referrals',
            'stg_nelft__community_referrals',
            'stg_provide__community_referrals'
        ]) }}
    ) as stacked

)

select
    staged.care_referral_id as care_referral_record_id,
    case
        when person_identity.person_id is null or staged.service_type_code is null
            then staged.care_referral_id
        else
            min(staged.care_referral_id) over (
                partition by
                    person_identity.person_id,
                    staged.organisation_code,
                    staged.setting,
                    staged.service_type_code,
                    cast(staged.received_at_local as date)
            )
    end as care_referral_id,
    person_identity.person_id,
    staged.feed_table,
    staged.organisation_code,
    staged.setting,
    staged.local_patient_id,
    staged.birth_date,
    staged.service_type_code,
    staged.source_of_referral_code,
    staged.priority_code,
    case
        when staged.setting = 'community' then staged.reason_code
        else {{ without_sensitive('mh_referral_reason', 'staged.reason_code') }}
    end as reason_code,
    staged.received_at_local,
    staged.has_received_time,
    staged.rejected_on,
    staged.closed_on,
    staged.close_reason_code
from staged
{{ left_join_person('staged', 'care_referral_id') }}
where coalesce(staged.service_type_code, 'unknown') <> 'ZZZ'
