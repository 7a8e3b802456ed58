-- One row per contact of a community service of EPUT, as its newest submission has it, in standard codes.
{{ staged_care_contacts('eput', 'community_contacts', 'community') }}
