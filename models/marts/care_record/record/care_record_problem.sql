-- One row per person and problem that is current at as_of: in the list of problems, not ended on that day or
-- before, and not followed by a code that says it is resolved. What begins after as_of is none yet.
with entry as (

    select
        person_id,
        clinical_event_id,
        snomed_code,
        label,
        gp_practice_code,
        event_date,
        is_problem,
        problem_ended_on,
        -- DMTYPE2_COD and DMRES_COD speak of the same: DM
        {{ regex_replace('cluster_id', '(TYPE[12])?(RES|REM)?_COD$') }} as condition_name,
        coalesce({{ regex_full_match('cluster_id', '.*(RES|REM)_COD') }}, false) as is_resolution
    from {{ ref('record_gp_entry') }}
    where event_date <= {{ as_of_date() }}

),

resolved as (

    select
        person_id,
        condition_name,
        max(event_date) as resolved_on
    from entry
    where is_resolution
    group by person_id, condition_name

)

select
    entry.person_id,
    entry.snomed_code,
    entry.label,
    min(entry.event_date) as since_date,
    max(entry.event_date) as last_recorded_on,
    {{ latest_value(
        'entry.gp_practice_code', 'cast(entry.event_date as ' ~ dbt.type_string() ~ ') || entry.clinical_event_id'
    ) }} as gp_practice_code
from entry
left join resolved
    on
        entry.person_id = resolved.person_id
        and entry.condition_name = resolved.condition_name
where
    entry.is_problem
    and not entry.is_resolution
    and coalesce(entry.problem_ended_on > {{ as_of_date() }}, true)
    and coalesce(entry.event_date > resolved.resolved_on, true)
group by entry.person_id, entry.snomed_code, entry.label
