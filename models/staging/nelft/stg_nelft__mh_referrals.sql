-- One row per referral to a mental-health service of NELFT, as the database holds it now, in standard codes.
{{ staged_care_referrals('nelft', 'mh_referrals', 'mental_health') }}
