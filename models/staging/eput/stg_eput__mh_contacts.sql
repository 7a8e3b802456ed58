-- One row per contact of a mental-health service of EPUT, as its newest submission has it, in standard codes.
{{ staged_care_contacts('eput', 'mh_contacts', 'mental_health') }}
