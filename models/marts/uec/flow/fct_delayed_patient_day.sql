-- One row per patient and day in a bed after being ready to leave it, in any setting: acute, community or
-- mental health. What discharge is delayed by, on one footing for the whole system (F 2.7.3).
with person as (

    {{ person_for_secondary_use('delayed_patient_day') }}

),

event as (

    select
        events.event_id,
        {{ pseudonym('secondary_use', 'events.event_id') }} as event_key
    from (
        select event_id
        from {{ ref('delayed_patient_day') }}
        group by event_id
    ) as events

),

aged as (

    {{ with_age_and_sex('delayed_patient_day', 'census_date') }}

)

select
    aged.census_date,
    aged.setting,
    aged.organisation_code,
    aged.site_code,
    event.event_key,
    person.person_key,
    aged.ready_date,
    cast(aged.days_since_ready as integer) as days_since_ready,
    cast(aged.length_of_stay_days as integer) as length_of_stay_days,
    aged.pathway_code,
    aged.delay_reason_code,
    aged.local_authority_code,
    {{ person_columns('aged') }},
    aged.has_covid as is_covid,
    aged.is_day_over
from aged
inner join event
    on aged.event_id = event.event_id
left join person
    on aged.person_id = person.person_id
