{#- The staging query of one council's care homes: one row per home and census, beds and vacancies of each kind side by side. -#}
{% macro staged_care_homes(partner, table='care_homes') %}
with records as (

    {{ current_records(partner, table) }}

)

select
    '{{ organisation_of_feed(partner, table) }}' as organisation_code,
    census_date,
    upper(cqc_location_id) as cqc_location_id,
    home_name,
    {{ standard_code(partner, table, 'service_type_code') }} as service_type_code,
    {%- for kind in care_home_bed_kinds() %}
    beds_{{ kind }},
    vacant_{{ kind }},
    {%- endfor %}
    {{ standard_code(partner, table, 'admission_status_code') }} as admission_status_code,
    closed_reason,
    last_updated_at as last_updated_at_local,
    _batch_id as batch_id,
    _received_at as received_at
from records
{% endmacro %}

{#- The kinds of care-home beds that the Capacity Tracker counts (F 2.14; code list care_home_bed). -#}
{% macro care_home_bed_kinds() %}
    {% do return([
        'general_residential', 'general_nursing', 'dementia_residential', 'dementia_nursing',
        'learning_disability', 'mental_health', 'young_physical',
    ]) %}
{% endmacro %}
