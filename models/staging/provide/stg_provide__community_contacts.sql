-- One row per contact of a community service of Provide, as its newest submission has it, in standard codes.
{{ staged_care_contacts('provide', 'community_contacts', 'community') }}
