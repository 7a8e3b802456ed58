-- One row per emergency department attendance at Southend Hospital, as it stands now: latest version,
-- standard codes, local clock.
{{ staged_ed_attendances('southend_ed_attendances') }}
