-- One row per hospital spell at Broomfield Hospital, as it stands now: latest version, standard codes,
-- local clock.
{{ staged_spells('broomfield_spells') }}
