-- One row per intervention and person who took part in it, and per person who did not on each month end
-- before somebody began (F 4.14): what people are matched on, as it was on that day. People in secondary
-- use only. Whoever took part at any time is in nobody's comparison.
with month_end as (

    select
        index_date.index_date,
        lead(index_date.index_date) over (order by index_date.index_date) as next_date
    from {{ ref('index_date') }} as index_date

),

exposed as (

    select
        exposure.person_id,
        exposure.intervention_id,
        min(exposure.exposed_on) as exposed_on
    from {{ ref('intervention_exposure') }} as exposure
    inner join {{ ref('intervention_register') }} as register
        on exposure.intervention_id = register.intervention_id
    where exposure.exposed_on < {{ as_of_date() }}
    group by exposure.person_id, exposure.intervention_id

),

begun as (

    select
        exposed.*,
        month_end.index_date
    from exposed
    inner join month_end
        on
            exposed.exposed_on >= month_end.index_date
            and exposed.exposed_on < coalesce(month_end.next_date, {{ no_end() }})

),

started_month as (

    select distinct
        begun.intervention_id,
        begun.index_date
    from begun

),

followed as (

    select
        profile.person_id,
        max(profile.index_date) as followed_until
    from {{ ref('person_profile') }} as profile
    inner join {{ ref('person_for_research_and_planning') }} as permitted
        on profile.person_id = permitted.person_id
    group by profile.person_id

)

select
    started_month.intervention_id,
    profile.person_id,
    profile.index_date,
    begun.exposed_on,
    begun.person_id is not null as is_exposed,
    followed.followed_until,
    profile.age_years,
    profile.sex_code,
    profile.imd_decile,
    score.cambridge_score,
    score.efi_deficit_count,
    person_use.emergency_admission_count,
    person_use.cost_pounds,
    cast(floor(least(profile.age_years, 90) / 5) as {{ dbt.type_string() }})
    || ' ' || coalesce(profile.sex_code, '')
    || ' ' || coalesce(score.efi_band, '')
    || ' ' || coalesce(
        cast(cast(floor((profile.imd_decile + 1) / 2) as integer) as {{ dbt.type_string() }}), ''
    ) as cell,
    least(person_use.emergency_admission_count, 2) as admissions_band
from {{ ref('person_profile') }} as profile
inner join started_month
    on profile.index_date = started_month.index_date
inner join followed
    on profile.person_id = followed.person_id
inner join {{ ref('person_score') }} as score
    on profile.person_id = score.person_id and profile.index_date = score.index_date
inner join {{ ref('person_use') }} as person_use
    on profile.person_id = person_use.person_id and profile.index_date = person_use.index_date
left join exposed
    on profile.person_id = exposed.person_id and started_month.intervention_id = exposed.intervention_id
left join begun
    on
        profile.person_id = begun.person_id
        and started_month.intervention_id = begun.intervention_id
        and profile.index_date = begun.index_date
where
    profile.age_years is not null
    and (exposed.person_id is null or begun.person_id is not null)
