-- One row per registered patient with five or more emergency department attendances in the 12 months up to
-- as_of (F 3.8 FREQ_ATT), for the clinicians of the practice. For direct care only (F 5.4).
select
    frequent.person_id,
    person.nhs_number,
    person.family_name,
    person.given_name,
    person.birth_date,
    profile.gp_practice_code,
    practice.gp_practice_name,
    profile.pcn_code,
    frequent.index_date,
    frequent.ed_attendance_count,
    frequent.is_high_intensity,
    frequent.usually_led_by,
    frequent.admitted_count,
    frequent.site_count,
    frequent.last_attended_on
from {{ ref('frequent_user') }} as frequent
inner join {{ ref('person_profile') }} as profile
    on
        frequent.person_id = profile.person_id
        and profile.is_current
inner join {{ ref('person') }} as person
    on frequent.person_id = person.person_id
left join {{ ref('gp_practice') }} as practice
    on profile.gp_practice_code = practice.gp_practice_code
