{#- A select for a CTE: the attendances that count as COVID-19, by their own record or by the spell that followed (F 3.5). -#}
{% macro covid_attendances() -%}
    select ed_attendance.ed_attendance_id
    from {{ ref('ed_attendance') }} as ed_attendance
    where ed_attendance.has_covid
    union
    select link.from_event_id as ed_attendance_id
    from {{ ref('urgent_care_link') }} as link
    inner join {{ ref('hospital_spell') }} as spell
        on link.to_event_id = spell.hospital_spell_id
    where link.link_type = 'ed_to_spell' and spell.has_covid
{%- endmacro %}
