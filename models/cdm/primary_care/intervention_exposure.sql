-- One row per person and intervention: who was taken on, and from when on.
{{ rows_follow_key('intervention_exposure_id', {
    'stg_primary_care__interventions': 'intervention_entry_id',
    'person_identity': 'record_id',
}) }}
select
    interventions.intervention_entry_id as intervention_exposure_id,
    person_identity.person_id,
    interventions.intervention_id,
    interventions.started_on as exposed_on,
    interventions.gp_practice_code,
    interventions.feed_table
from {{ ref('stg_primary_care__interventions') }} as interventions
inner join {{ ref('person_identity') }} as person_identity
    on
        interventions.intervention_entry_id = person_identity.record_id
        and person_identity.feed_table = 'interventions'
