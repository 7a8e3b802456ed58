-- One row per hospital spell at Southend Hospital, as it stands now: latest version, standard codes, local
-- clock.
{{ staged_spells('southend_spells') }}
