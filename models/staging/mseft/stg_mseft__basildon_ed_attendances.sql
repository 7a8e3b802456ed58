-- One row per emergency department attendance at Basildon Hospital, as it stands now: latest version,
-- standard codes, local clock.
{{ staged_ed_attendances('basildon_ed_attendances') }}
