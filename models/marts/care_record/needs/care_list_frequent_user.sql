-- One row per registered patient with five or more emergency department attendances in the 12 months up to
-- as_of (F 3.8 FREQ_ATT), for the clinicians of the practice. For direct care only (F 5.4).
select
    frequent.person_id,
    {{ patient_on_list() }},
    frequent.index_date,
    frequent.ed_attendance_count,
    frequent.is_high_intensity,
    frequent.usually_led_by,
    frequent.admitted_count,
    frequent.site_count,
    frequent.last_attended_on
from {{ ref('frequent_user') }} as frequent
{{ join_patient_on_list('frequent') }}
