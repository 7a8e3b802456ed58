-- One row per person and intervention on the newest register of interventions that practices keep.
with records as (

    {{ current_patients('primary_care', 'interventions') }}

)

select
    'interventions' as feed_table,
    cast(entry_id as {{ dbt.type_string() }}) as intervention_entry_id,
    intervention_id,
    {{ patient_columns('primary_care', 'interventions') }},
    started_on,
    _batch_id as batch_id,
    _received_at as received_at
from records
