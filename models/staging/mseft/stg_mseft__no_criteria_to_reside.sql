-- One row per inpatient and day on the discharge list of the trust: patients who no longer met the
-- criteria to reside that morning (F 2.7.3). Amendments replace what was sent before.
with records as (

    {{ current_patients('mseft', 'no_criteria_to_reside') }}

),

sites as (

    select
        records.*,
        {{ standard_code('mseft', 'no_criteria_to_reside', 'site_code') }} as standard_site_code
    from records

)

select
    'no_criteria_to_reside' as feed_table,
    cast(census_date as {{ dbt.type_string() }}) || '@' || standard_site_code || ':' || spell_id
        as discharge_list_entry_id,
    census_date,
    standard_site_code as site_code,
    standard_site_code || ':' || spell_id as hospital_spell_id,
    {{ patient_columns('mseft', 'no_criteria_to_reside') }},
    ward_code,
    no_criteria_since,
    {{ standard_code('mseft', 'no_criteria_to_reside', 'pathway_code') }} as pathway_code,
    {{ standard_code('mseft', 'no_criteria_to_reside', 'delay_reason_code') }} as delay_reason_code,
    {{ standard_code('mseft', 'no_criteria_to_reside', 'local_authority_code') }} as local_authority_code,
    _batch_id as batch_id,
    _received_at as received_at
from sites
