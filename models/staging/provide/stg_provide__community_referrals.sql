-- One row per referral to a community service of Provide, as its newest submission has it, in standard codes.
{{ staged_care_referrals('provide', 'community_referrals', 'community') }}
