{#-
  One row per person who has an event in `events` (a CDM table): the key that stands for the person in secondary use, and what
  facts say about the person besides age and sex. A select for a CTE, not a model: person_id and person_key must never
  lie side by side in a table. Only people with events, because a keyed pseudonym is the dearest thing in these queries.
  Who opted out is not among them: their events stay, so that a department's figures are whole, and say nothing of whose
  they were (decision 0028). Age and sex of an event pass through of_person(), which asks for a person of this CTE.
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
    inner join {{ ref('person_for_research_and_planning') }} as permitted
        on person.person_id = permitted.person_id
    left join {{ ref('lsoa') }} as lsoa
        on person.lsoa_code = lsoa.lsoa_code
    left join {{ ref('gp_practice') }} as gp_practice
        on person.gp_practice_code = gp_practice.gp_practice_code
    where person.person_id in (select event.person_id from {{ ref(events) }} as event)
{%- endmacro %}


{#- What an event says of its person, where secondary use may know it: null else. Expects the CTE `person` joined. -#}
{% macro of_person(value) -%}
    case when person.person_key is not null then {{ value }} end
{%- endmacro %}


{#-
  What a fact says of its person: columns of a select, with commas between. `event` has age_years, `sex_from` (the event,
  unless another is named) sex_code. only_bands leaves single years of age and deciles out, for facts of few people.
-#}
{% macro person_columns(event, sex_from=none, only_bands=false) -%}
    {%- if not only_bands %}
    {{ of_person(event ~ '.age_years') }} as age_years,
    {%- endif %}
    {{ age_band(of_person(event ~ '.age_years')) }} as age_band,
    {{ of_person((sex_from or event) ~ '.sex_code') }} as sex_code,
    coalesce(person.ethnic_group, 'unknown') as ethnic_group,
    {%- if not only_bands %}
    person.imd_decile,
    {%- endif %}
    person.imd_quintile,
    person.registered_sub_icb_code
{%- endmacro %}


{#- Events with sex and age of their person on the day in `on_column`. A select for a CTE. -#}
{% macro with_age_and_sex(events, on_column) -%}
    select
        events.*,
        known.sex_code,
        {{ age_years('known.birth_date', 'events.' ~ on_column) }} as age_years
    from {{ ref(events) }} as events
    left join {{ ref('person') }} as known
        on events.person_id = known.person_id
{%- endmacro %}
