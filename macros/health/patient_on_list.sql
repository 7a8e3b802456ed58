{#- Who a patient on a list for direct care is, as columns of a select; expects join_patient_on_list. -#}
{% macro patient_on_list() -%}
    person.nhs_number,
    person.family_name,
    person.given_name,
    person.birth_date,
    profile.gp_practice_code,
    practice.gp_practice_name,
    profile.pcn_code
{%- endmacro %}


{#- Joins of a list that names a person_id and an index_date: the person, the health profile of that day, the practice. -#}
{% macro join_patient_on_list(list) -%}
    inner join {{ ref('person') }} as person
        on {{ list }}.person_id = person.person_id
    inner join {{ ref('person_profile') }} as profile
        on {{ list }}.person_id = profile.person_id and {{ list }}.index_date = profile.index_date
    left join {{ ref('gp_practice') }} as practice
        on profile.gp_practice_code = practice.gp_practice_code
{%- endmacro %}
