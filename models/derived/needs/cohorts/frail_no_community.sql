{{ config(meta={'cohort': {
    'id': 'FRAIL_NO_COMMUNITY',
    'version': 1,
    'label': 'Frail, 65 and over, not known to community services',
    'definition': 'People aged 65 and over with moderate or severe frailty by the electronic frailty index and no '
        ~ 'attended community contact in 12 months, who do not live in a care home.',
    'owner': 'Frailty and proactive care lead',
    'purpose': 'Offer a proactive visit before the next fall or crisis.',
    'source': 'F 4.6',
}}) }}
-- One row per frail person whom no community team has seen in 12 months.
select profile.person_id
from {{ ref('person_profile') }} as profile
inner join {{ ref('person_score') }} as score
    on
        profile.person_id = score.person_id
        and profile.index_date = score.index_date
inner join {{ ref('person_use') }} as person_use
    on
        profile.person_id = person_use.person_id
        and profile.index_date = person_use.index_date
where
    profile.is_current
    and profile.age_years >= 65
    and score.efi_band in ('moderate', 'severe')
    and person_use.community_contact_count = 0
    and not coalesce(profile.is_care_home_resident, false)
