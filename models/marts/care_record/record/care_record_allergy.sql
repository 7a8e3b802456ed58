-- One row per person and allergy that a practice recorded (cluster ALLERGY_COD), up to as_of. No row says
-- nothing: it may be that nobody asked.
select
    person_id,
    snomed_code,
    label,
    min(event_date) as first_recorded_on,
    max(event_date) as last_recorded_on,
    {{ latest_value(
        'gp_practice_code', 'cast(event_date as ' ~ dbt.type_string() ~ ') || clinical_event_id'
    ) }} as gp_practice_code
from {{ ref('record_gp_entry') }}
where
    cluster_id = 'ALLERGY_COD'
    and event_date <= {{ as_of_date() }}
    and coalesce(problem_ended_on > {{ as_of_date() }}, true)
group by person_id, snomed_code, label
