-- One row per hospital spell at Basildon Hospital, as it stands now: latest version, standard codes, local
-- clock.
{{ staged_spells('basildon_spells') }}
