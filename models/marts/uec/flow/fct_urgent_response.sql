-- One row per referral to urgent community response, with its clock of two hours and the first visit (F 3.10
-- UCR_2H). What can not be measured says why in `exclusion`, and counts nowhere.
with person as (

    {{ person_for_secondary_use('urgent_response') }}

)

select
    {{ pseudonym('secondary_use', 'response.care_referral_id') }} as care_referral_key,
    person.person_key,
    response.organisation_code,
    cast(response.clock_start_at_local as date) as clock_start_date,
    cast(response.minutes_to_visit as integer) as minutes_to_visit,
    response.is_within_2_hours,
    response.exclusion,
    {{ person_columns('response', sex_from='who', only_bands=true) }}
from {{ ref('urgent_response') }} as response
left join person
    on response.person_id = person.person_id
left join {{ ref('person') }} as who
    on response.person_id = who.person_id
