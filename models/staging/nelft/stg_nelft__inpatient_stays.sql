-- One row per stay in a bed of NELFT, as it stands now: latest version, standard codes.
{{ staged_inpatient_stays('nelft') }}
