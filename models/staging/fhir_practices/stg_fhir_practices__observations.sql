-- One row per value of an Observation resource as it stands now, in the shape of a practice's entry. Blood
-- pressure is one resource with two components: it becomes two rows, systolic and diastolic.
{{ rows_follow_key('resource_id', {'fhir_practices.observations': 'resource_id'}) }}
with records as (

    {{ current_records('fhir_practices', 'observations') }}

),

entries as (

    select
        records.*,
        '' as part,
        case when systolic_value is not null then '{{ fhir_systolic() }}' else snomed_code end as concept,
        coalesce(systolic_value, value_number) as number
    from records

    union all

    select
        records.*,
        ':2' as part,
        '{{ fhir_diastolic() }}' as concept,
        diastolic_value as number
    from records
    where diastolic_value is not null

)

select
    'fhir_observations' as feed_table,
    entries.resource_id,
    'fhir:' || entries.resource_id || entries.part as clinical_event_id,
    'fhir:' || {{ fhir_reference('entries.patient_reference') }} as gp_patient_id,
    {{ fhir_event_date('entries.effective_date', 'cast(entries.issued_at as date)') }} as event_date,
    cast(entries.issued_at as date) as recorded_on,
    entries.concept as snomed_code,
    case
        when value_range.lowest is null or entries.number between value_range.lowest and value_range.highest
            then entries.number
    end as value_number,
    case
        when entries.number is not null then coalesce(value_range.standard_unit, entries.value_unit)
    end as value_unit,
    entries._batch_id as batch_id,
    entries._received_at as received_at
from entries
left join {{ ref('gp_value_range') }} as value_range on entries.concept = value_range.snomed_code
