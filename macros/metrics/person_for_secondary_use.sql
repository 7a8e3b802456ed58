{#-
  One row per person who has an event in `events` (a CDM table): the key that stands for the person in secondary use, and what
  facts say about the person besides age and sex. A select for a CTE, not a model: person_id and person_key must never
  lie side by side in a table. Only people with events, because a keyed pseudonym is the dearest thing in these queries.
-#}
{% macro person_for_secondary_use(events) -%}
    select
        person.person_id,
        {{ pseudonym('secondary_use', 'person.person_id') }} as person_key,
        coalesce(person.ethnic_group, 'unknown') as ethnic_group,
        lsoa.imd_decile,
        lsoa.imd_quintile,
        gp_practice.sub_icb_code as registered_sub_icb_code
    from {{ ref('person') }} as person
    left join {{ ref('lsoa') }} as lsoa
        on person.lsoa_code = lsoa.lsoa_code
    left join {{ ref('gp_practice') }} as gp_practice
        on person.gp_practice_code = gp_practice.gp_practice_code
    where person.person_id in (select event.person_id from {{ ref(events) }} as event)
{%- endmacro %}
