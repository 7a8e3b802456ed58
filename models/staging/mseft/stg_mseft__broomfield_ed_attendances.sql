-- One row per emergency department attendance at Broomfield Hospital, as it stands now: latest version,
-- standard codes, local clock.
{{ staged_ed_attendances('broomfield_ed_attendances') }}
