-- One row per person and index date at which the risk model learns or is judged: whether an emergency
-- admission came within the 365 days after the day (F 4.7), and whether the person could be followed that
-- long. Who died or left without one is censored: neither a case nor free of it.
with followed as (

    select
        feature.person_id,
        feature.index_date,
        feature.role,
        {{ days_add(365, 'feature.index_date') }} as followed_until
    from {{ ref('risk_feature') }} as feature
    where feature.role in ('train', 'validate')

),

admitted as (

    select
        followed.person_id,
        followed.index_date,
        count(*) as admissions,
        min(spell.admission_date) as first_admission_date
    from followed
    inner join {{ ref('hospital_spell') }} as spell
        on
            followed.person_id = spell.person_id
            and followed.index_date < spell.admission_date
            and followed.followed_until >= spell.admission_date
    where {{ counts_as_emergency_admission('spell.admission_method_code') }}
    group by followed.person_id, followed.index_date

),

-- With no practice of the system any more when the year is over. Of whom no period is known, nobody knows
-- that they left.
lost as (

    select
        followed.person_id,
        followed.index_date
    from followed
    inner join {{ ref('registration_period') }} as period
        on followed.person_id = period.person_id
    group by followed.person_id, followed.index_date
    having
        sum(
            case
                when coalesce(period.registered_on, date '1900-01-01') > followed.followed_until then 0
                when coalesce(period.ended_on, date '9999-12-31') <= followed.followed_until then 0
                else 1
            end
        ) = 0

),

died as (

    select
        person_id,
        index_date,
        died_on
    from {{ ref('person_profile') }}
    where died_on is not null

),

judged as (

    select
        followed.*,
        coalesce(admitted.admissions, 0) as admissions,
        admitted.first_admission_date,
        case
            when died.died_on <= followed.followed_until then 'died'
            when lost.person_id is not null then 'left'
        end as lost_because
    from followed
    left join admitted
        on followed.person_id = admitted.person_id and followed.index_date = admitted.index_date
    left join lost
        on followed.person_id = lost.person_id and followed.index_date = lost.index_date
    left join died
        on followed.person_id = died.person_id and followed.index_date = died.index_date

)

select
    person_id,
    index_date,
    role,
    cast(admissions as integer) as emergency_admission_count,
    first_admission_date,
    admissions > 0 as had_emergency_admission,
    admissions = 0 and lost_because is not null as is_censored,
    case when admissions = 0 then lost_because end as censored_because
from judged
