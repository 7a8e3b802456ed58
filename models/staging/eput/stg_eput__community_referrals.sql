-- One row per referral to a community service of EPUT, as its newest submission has it, in standard codes.
{{ staged_care_referrals('eput', 'community_referrals', 'community') }}
