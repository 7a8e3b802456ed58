-- One row per contact of a mental-health service of NELFT, as the database holds it now, in standard codes.
{{ staged_care_contacts('nelft', 'mh_contacts', 'mental_health') }}
