-- One row per Patient resource of a practice that exports FHIR, as it stands now: who it is, where and when
-- registered. The other resources name it as their subject.
{{ rows_follow_key('resource_id', {'fhir_practices.patients': 'resource_id'}) }}
with records as (

    {{ current_patients('fhir_practices', 'patients') }}

)

select
    'fhir_patients' as feed_table,
    resource_id,
    'fhir:' || resource_id as gp_patient_id,
    {{ patient_columns('fhir_practices', 'patients') }},
    cast(null as {{ dbt.type_string() }}) as lsoa_code,
    registered_on,
    case when ended_on >= registered_on then ended_on end as ended_on,
    case when died_on is not null then 'died' when ended_on is not null then 'moved' end as end_reason,
    died_on,
    _batch_id as batch_id,
    _received_at as received_at
from records
