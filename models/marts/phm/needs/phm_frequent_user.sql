-- One row per person in secondary use with five or more emergency department attendances in the 12 months
-- up to as_of (F 3.8 FREQ_ATT), with what led there. Who opted out is left out.
select
    {{ pseudonym('population_health', 'frequent.person_id') }} as person_key,
    frequent.index_date,
    frequent.definition_id,
    profile.gp_practice_code,
    profile.pcn_code,
    profile.sub_icb_code,
    {{ age_band('profile.age_years') }} as age_band,
    profile.segment_code,
    frequent.ed_attendance_count,
    frequent.is_high_intensity,
    frequent.usually_led_by,
    frequent.by_111_then_999_count,
    frequent.by_999_count,
    frequent.by_111_count,
    frequent.by_gp_count,
    frequent.by_none_count,
    frequent.admitted_count,
    frequent.site_count,
    frequent.last_attended_on
from {{ ref('frequent_user') }} as frequent
inner join {{ ref('person_for_research_and_planning') }} as permitted
    on frequent.person_id = permitted.person_id
left join {{ ref('person_profile') }} as profile
    on
        frequent.person_id = profile.person_id
        and profile.is_current
