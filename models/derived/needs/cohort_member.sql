-- One row per cohort and registered person who belongs to it at as_of. The cohorts are the files of
-- models/derived/needs/cohorts, put in here as they stand.
{{ tables_of_cohorts() }}
with member as (
    {% for file in cohort_files() %}
    select
        {{ cohort_text(file.id) }} as cohort_id,
        cohort.person_id
    from (
        {{ render(cohort_sql(file)) }}
    ) as cohort
    {{ 'union all' if not loop.last }}
    {% else %}
    select
        cast(null as {{ dbt.type_string() }}) as cohort_id,
        cast(null as {{ dbt.type_string() }}) as person_id
    where false
    {% endfor %}
)

select distinct
    member.cohort_id,
    member.person_id,
    profile.index_date
from member
inner join {{ ref('person_profile') }} as profile
    on
        member.person_id = profile.person_id
        and profile.is_current
