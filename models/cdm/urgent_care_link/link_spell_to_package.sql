-- One row per hospital spell and the package of care that was asked for because of it, one-to-one: the
-- same person, asked for from admission to three days after discharge (F 9.2). Days apart are from being
-- ready to the request.
{{ links_to_packages(
    'spell_to_package', bed='hospital_spell', bed_id='hospital_spell_id', admitted='admission_date',
    ready='discharge_ready_date', left='discharge_date', places=['acute_bed']
) }}
