-- One row per stay in a community or mental-health bed and the package of care that was asked for because
-- of it, one-to-one: the same person, asked for from admission to three days after discharge (F 9.2).
{{ links_to_packages(
    'stay_to_package', bed='inpatient_stay', bed_id='inpatient_stay_id', admitted='admitted_on',
    ready='ready_on', left='discharged_on', places=['community_bed', 'mental_health_bed']
) }}
