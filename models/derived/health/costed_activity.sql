-- One row per person, kind of activity and day: how often, and at what reference unit cost (seed unit_cost,
-- in force on the day). Nights in beds are not here, because how many count depends on the day one looks:
-- person_use.
{{ rows_follow_key('person_id', {
    'ed_attendance': 'person_id', 'ambulance_incident': 'person_id', 'urgent_call': 'person_id',
    'hospital_spell': 'person_id', 'outpatient_appointment': 'person_id', 'gp_appointment': 'person_id',
    'care_contact': 'person_id',
}) }}
with activity as (

    select
        person_id,
        'ed_attendance' as activity,
        cast(arrived_at_local as date) as on_date
    from {{ ref('ed_attendance') }}
    where is_counted
    union all
    select
        person_id,
        case when is_conveyed_to_ed then 'ambulance_conveyed' else 'ambulance_not_conveyed' end as activity,
        cast(call_connect_at_local as date) as on_date
    from {{ ref('ambulance_incident') }}
    where is_counted
    union all
    select
        person_id,
        'call_111' as activity,
        cast(offered_at_local as date) as on_date
    from {{ ref('urgent_call') }}
    union all
    select
        person_id,
        case
            when admission_group = 'emergency' then 'emergency_admission'
            when admission_group = 'elective' and patient_classification_code = '2' then 'day_case'
            when admission_group = 'elective' then 'elective_admission'
            else 'other_admission'
        end as activity,
        admission_date as on_date
    from {{ ref('hospital_spell') }}
    -- A transfer goes on with a stay that has been counted; a baby's birth is the mother's.
    where admission_group not in ('transfer', 'birth')
    union all
    select
        person_id,
        case when is_attended then 'outpatient' else 'outpatient_dna' end as activity,
        appointment_date as on_date
    from {{ ref('outpatient_appointment') }}
    where is_attended or is_dna
    union all
    select
        person_id,
        'gp_appointment' as activity,
        cast(starts_at_local as date) as on_date
    from {{ ref('gp_appointment') }}
    where status_group = 'attended'
    union all
    select
        person_id,
        case
            when setting = 'mental_health' then 'mental_health_contact'
            else 'community_contact'
        end as activity,
        cast(contact_at_local as date) as on_date
    from {{ ref('care_contact') }}
    where is_attended

)

select
    activity.person_id,
    activity.activity,
    activity.on_date,
    count(*) as activity_count,
    cast(sum(unit_cost.pounds) as double) as cost_pounds
from activity
inner join {{ ref('unit_cost') }} as unit_cost
    on
        activity.activity = unit_cost.activity
        and activity.on_date >= unit_cost.valid_from
        and activity.on_date <= coalesce(unit_cost.valid_to, {{ no_end() }})
where activity.person_id is not null
group by activity.person_id, activity.activity, activity.on_date
