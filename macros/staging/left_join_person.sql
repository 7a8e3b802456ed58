{#- Brings in the person that each record of a staging model is about. -#}
{% macro left_join_person(records, record_id) -%}
left join {{ ref('person_identity') }} as person_identity
        on
            {{ records }}.feed_table = person_identity.feed_table
            and {{ records }}.{{ record_id }} = person_identity.record_id
{%- endmacro %}
