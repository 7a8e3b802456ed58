{#-
  One row per person: the key that stands for the person in secondary use, and what facts say about the person besides
  age and sex. A select for a CTE, not a model: person_id and person_key must never lie side by side in a table.
-#}
{% macro person_for_secondary_use() -%}
    select
        person.person_id,
        {{ pseudonym('secondary_use', 'person.person_id') }} as person_key,
        coalesce(person.ethnic_group, 'unknown') as ethnic_group,
        lsoa.imd_decile
    from {{ ref('person') }} as person
    left join {{ ref('lsoa') }} as lsoa
        on person.lsoa_code = lsoa.lsoa_code
{%- endmacro %}
