-- One row per discharge from an acute mental-health bed, with the first care after it (F 3.10 MH_72H). What
-- is not to be counted says why in `exclusion`.
with person as (

    {{ person_for_secondary_use('mental_health_follow_up') }}

)

select
    {{ pseudonym('secondary_use', 'follow_up.inpatient_stay_id') }} as inpatient_stay_key,
    person.person_key,
    follow_up.organisation_code,
    follow_up.bed_type_code,
    follow_up.discharged_on as discharge_date,
    follow_up.counted_on as counted_date,
    follow_up.followed_up_on as followed_up_date,
    follow_up.is_followed_up,
    follow_up.exclusion,
    {{ person_columns('follow_up', sex_from='who', only_bands=true) }}
from {{ ref('mental_health_follow_up') }} as follow_up
left join person
    on follow_up.person_id = person.person_id
left join {{ ref('person') }} as who
    on follow_up.person_id = who.person_id
