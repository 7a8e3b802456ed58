-- One row per event of a stay in a bed, for the shared record: admission to and discharge from hospital,
-- stays on its wards, admission to and discharge from a community or mental-health bed. A view.
{{ config(materialized='view') }}
with spell as (

    select
        hospital_spell.*,
        site.site_name,
        term.label as diagnosis_label
    from {{ ref('hospital_spell') }} as hospital_spell
    left join {{ ref('site') }} as site
        on hospital_spell.site_code = site.site_code
    left join {{ ref('clinical_term') }} as term
        on
            substr(hospital_spell.primary_diagnosis_code, 1, 3) = term.code
            and term.code_system = 'icd10'
    where hospital_spell.person_id is not null

),

stay as (

    select
        inpatient_stay.*,
        coalesce(site.site_name, 'ward ' || inpatient_stay.ward_code) as place,
        bed_type.label as bed_label
    from {{ ref('inpatient_stay') }} as inpatient_stay
    left join {{ ref('site') }} as site
        on inpatient_stay.site_code = site.site_code
    {{ left_join_code('bed_type', 'inpatient_stay.bed_type_code', 'bed_type') }}
    where inpatient_stay.person_id is not null

)

select
    spell.person_id,
    'hospital_admission' as event_type,
    spell.hospital_spell_id as source_id,
    spell.admitted_at as event_at,
    spell.admitted_at_local as event_at_local,
    spell.admission_date as event_date,
    spell.organisation_code,
    'Admitted to ' || coalesce(spell.site_name, spell.site_code) || coalesce(' (' || method.label || ')', '')
        as title,
    case when spell.treatment_function_code is not null then 'treatment_function' end as code_system,
    spell.treatment_function_code as code,
    specialty.label as value_text,
    cast(null as {{ dbt.type_string() }}) as leads_from,
    spell.feed_table,
    cast(null as timestamp) as received_at
from spell
{{ left_join_code('admission_method', 'spell.admission_method_code', 'method') }}
{{ left_join_code('treatment_function', 'spell.treatment_function_code', 'specialty') }}
union all
select
    spell.person_id,
    'hospital_discharge' as event_type,
    spell.hospital_spell_id as source_id,
    spell.discharged_at as event_at,
    spell.discharged_at_local as event_at_local,
    spell.discharge_date as event_date,
    spell.organisation_code,
    case when spell.discharge_method_code = '4' then 'Died in ' else 'Discharged from ' end
    || coalesce(spell.site_name, spell.site_code)
    || coalesce(', ' || cast(spell.length_of_stay_days as {{ dbt.type_string() }}) || ' nights', '')
    || coalesce(': ' || spell.diagnosis_label, '') as title,
    case when spell.primary_diagnosis_code is not null then 'icd10' end as code_system,
    spell.primary_diagnosis_code as code,
    'further diagnoses: ' || spell.secondary_diagnosis_codes as value_text,
    'hospital_admission:' || spell.hospital_spell_id as leads_from,
    spell.feed_table,
    cast(null as timestamp) as received_at
from spell
where spell.discharge_date is not null
union all
select
    spell.person_id,
    'ward_stay' as event_type,
    ward_stay.ward_stay_id as source_id,
    ward_stay.started_at as event_at,
    ward_stay.started_at_local as event_at_local,
    cast(ward_stay.started_at_local as date) as event_date,
    ward_stay.organisation_code,
    'On ' || coalesce(ward_stay.ward_name, 'ward ' || ward_stay.ward_code) as title,
    'ward' as code_system,
    ward_stay.ward_code as code,
    'until ' || cast(cast(ward_stay.ended_at_local as date) as {{ dbt.type_string() }}) as value_text,
    'hospital_admission:' || spell.hospital_spell_id as leads_from,
    'ward_stays' as feed_table,
    cast(null as timestamp) as received_at
from {{ ref('ward_stay') }} as ward_stay
inner join spell
    on ward_stay.hospital_spell_id = spell.hospital_spell_id
where ward_stay.started_at_local is not null
union all
select
    stay.person_id,
    'bed_admission' as event_type,
    stay.inpatient_stay_id as source_id,
    cast(null as timestamp) as event_at,
    cast(null as timestamp) as event_at_local,
    stay.admitted_on as event_date,
    stay.organisation_code,
    'Admitted to ' || stay.place || coalesce(': ' || lower(stay.bed_label), '') as title,
    case when stay.bed_type_code is not null then 'bed_type' end as code_system,
    stay.bed_type_code as code,
    'ready to leave on ' || cast(stay.ready_on as {{ dbt.type_string() }}) as value_text,
    cast(null as {{ dbt.type_string() }}) as leads_from,
    stay.feed_table,
    cast(null as timestamp) as received_at
from stay
where stay.admitted_on is not null
union all
select
    stay.person_id,
    'bed_discharge' as event_type,
    stay.inpatient_stay_id as source_id,
    cast(null as timestamp) as event_at,
    cast(null as timestamp) as event_at_local,
    stay.discharged_on as event_date,
    stay.organisation_code,
    'Discharged from ' || stay.place
    || coalesce(', ' || cast(stay.length_of_stay_days as {{ dbt.type_string() }}) || ' nights', '') as title,
    case when stay.discharge_destination_code is not null then 'discharge_destination' end as code_system,
    stay.discharge_destination_code as code,
    destination.label as value_text,
    'bed_admission:' || stay.inpatient_stay_id as leads_from,
    stay.feed_table,
    cast(null as timestamp) as received_at
from stay
{{ left_join_code('discharge_destination', 'stay.discharge_destination_code', 'destination') }}
where stay.discharged_on is not null
