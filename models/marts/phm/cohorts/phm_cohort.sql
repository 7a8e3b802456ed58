-- One row per cohort: what it is in words and in SQL, whose it is and what for, and how many belong to it at
-- as_of. Made from the files of models/derived/needs/cohorts.
with cohort as (
    {% for file in cohort_files() %}
    select
        {% for key in ['id', 'version', 'label', 'definition', 'owner', 'purpose', 'source'] -%}
        {{ file.cohort[key] if key == 'version' else cohort_text(file.cohort[key]) }} as {{ key }},
        {% endfor -%}
        {{ cohort_text(cohort_sql(file)) }} as definition_sql,
        {{ cohort_text(local_md5(cohort_sql(file))) }} as definition_hash
    {{ 'union all' if not loop.last }}
    {% else %}
    select
        {% for key in [
            'id', 'label', 'definition', 'owner', 'purpose', 'source', 'definition_sql', 'definition_hash',
        ] -%}
        cast(null as {{ dbt.type_string() }}) as {{ key }},
        {% endfor -%}
        0 as version
    where false
    {% endfor %}
),

member as (

    select
        member.cohort_id,
        count(*) as people,
        count(permitted.person_id) as permitted_people
    from {{ ref('cohort_member') }} as member
    left join {{ ref('person_for_research_and_planning') }} as permitted
        on member.person_id = permitted.person_id
    group by member.cohort_id

)

select
    cohort.id as cohort_id,
    cast(cohort.version as integer) as version,
    cohort.label,
    cohort.definition,
    cohort.owner,
    cohort.purpose,
    cohort.source,
    cohort.definition_sql,
    cohort.definition_hash,
    {{ as_of_date() }} as index_date,
    cast(coalesce(member.permitted_people, 0) as integer) as people,
    cast(coalesce(member.people - member.permitted_people, 0) as integer) as left_out_people
from cohort
left join member
    on cohort.id = member.cohort_id
