{#- The staging query of one provider's daily beds by ward. -#}
{% macro staged_ward_beds(partner, table='ward_beds') %}
with records as (

    {{ current_records(partner, table) }}

)

select
    '{{ organisation_of_feed(partner, table) }}' as organisation_code,
    snapshot_date,
    ward_code,
    ward_name,
    {{ standard_code(partner, table, 'site_code') }} as site_code,
    {{ standard_code(partner, table, 'bed_type_code') }} as bed_type_code,
    beds_open,
    beds_occupied,
    beds_closed,
    closed_reason,
    _batch_id as batch_id,
    _received_at as received_at
from records
{% endmacro %}
