{#- The staging query of one provider's stays in community and mental-health beds. -#}
{% macro staged_inpatient_stays(partner, table='inpatient_stays') %}
    {%- set organisation = organisation_of_feed(partner, table) -%}
with records as (

    {{ current_patients(partner, table) }}

)

select
    '{{ table }}' as feed_table,
    '{{ organisation }}' as organisation_code,
    '{{ organisation }}:' || stay_id as inpatient_stay_id,
    stay_id as local_stay_id,
    {{ patient_columns(partner, table) }},
    ward_code,
    {{ standard_code(partner, table, 'bed_type_code') }} as bed_type_code,
    admitted_on,
    {{ standard_code(partner, table, 'admission_source_code') }} as admission_source_code,
    upper(referring_site_code) as referring_site_code,
    ready_on,
    {{ standard_code(partner, table, 'pathway_code') }} as pathway_code,
    {{ standard_code(partner, table, 'delay_reason_code') }} as delay_reason_code,
    {{ standard_code(partner, table, 'local_authority_code') }} as local_authority_code,
    discharged_on,
    {{ standard_code(partner, table, 'discharge_destination_code') }} as discharge_destination_code,
    _batch_id as batch_id,
    _received_at as received_at
from records
{% endmacro %}
