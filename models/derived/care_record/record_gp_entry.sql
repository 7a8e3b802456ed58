-- One row per coded entry of a GP record that the shared record may show: what the practice marked as
-- confidential stays in the practice, and an entry that was taken over from another record is left out where
-- the record itself tells the same of that day. A view.
{{ config(materialized='view') }}
with entry as (

    select *
    from {{ ref('clinical_event') }}
    where not coalesce(is_imported, false)
    union all
    select imported.*
    from {{ ref('clinical_event') }} as imported
    where
        imported.is_imported
        and not exists (
            select 1
            from {{ ref('clinical_event') }} as original
            where
                original.person_id = imported.person_id
                and original.snomed_code = imported.snomed_code
                and original.event_date = imported.event_date
                and not original.is_imported
                and not coalesce(original.is_confidential, false)
        )

),

local_label as (

    select
        snomed_code,
        min(label) as label
    from {{ ref('gp_local_code') }}
    group by snomed_code

),

label as (

    select
        snomed_code,
        min(cluster_id) as cluster_id,
        min(label) as label
    from {{ ref('code_cluster') }}
    group by snomed_code

)

select
    event.person_id,
    event.clinical_event_id,
    event.gp_practice_code,
    coalesce(event.event_date, event.recorded_on) as event_date,
    event.snomed_code,
    label.cluster_id,
    coalesce(label.label, term.label, local_label.label, 'SNOMED CT ' || event.snomed_code) as label,
    {{ regex_replace('cast(event.value_number as ' ~ dbt.type_string() ~ ')', '[.]0$') }}
    || case when coalesce(event.value_unit, '1') = '1' then '' else ' ' || event.value_unit end as value_text,
    event.is_problem,
    event.problem_ended_on,
    event.feed_table,
    event.received_at
from entry as event
left join label
    on event.snomed_code = label.snomed_code
left join {{ ref('clinical_term') }} as term
    on
        event.snomed_code = term.code
        and term.code_system = 'snomed'
left join local_label
    on event.snomed_code = local_label.snomed_code
where
    event.person_id is not null
    and not coalesce(event.is_confidential, false)
    and coalesce(event.event_date, event.recorded_on) is not null
