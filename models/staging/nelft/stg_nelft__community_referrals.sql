-- One row per referral to a community service of NELFT, as the database holds it now, in standard codes.
{{ staged_care_referrals('nelft', 'community_referrals', 'community') }}
