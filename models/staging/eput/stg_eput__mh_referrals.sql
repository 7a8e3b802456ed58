-- One row per referral to a mental-health service of EPUT, as its newest submission has it, standard codes.
{{ staged_care_referrals('eput', 'mh_referrals', 'mental_health') }}
