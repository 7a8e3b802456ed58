-- One row per ward of EPUT and day: the 08:00 snapshot of its beds, newest return, standard codes.
{{ staged_ward_beds('eput') }}
