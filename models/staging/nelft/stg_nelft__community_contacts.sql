-- One row per contact of a community service of NELFT, as the database holds it now, in standard codes.
{{ staged_care_contacts('nelft', 'community_contacts', 'community') }}
