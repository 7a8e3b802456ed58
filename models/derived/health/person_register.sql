-- One row per person, index date and long-term-condition register the person is on (F 4.1): the GP record
-- decides. Hospital diagnoses of five years are evidence beside it; alone they count only for people of
-- whom the hub holds no GP entries at all.
{{ rows_follow_key('person_id', {
    'registered_person': 'person_id', 'gp_register': 'person_id', 'gp_health_period': 'person_id',
    'hospital_health_period': 'person_id', 'clinical_event': 'person_id',
}, partition='index_date', partitioned=['registered_person', 'gp_register']) }}
with hospital as (

    select
        registered.person_id,
        registered.index_date,
        period.state_code as register_code,
        period.valid_from as since_date,
        registered.age_years
    from {{ ref('hospital_health_period') }} as period
    inner join {{ ref('registered_person') }} as registered
        on
            period.person_id = registered.person_id
            and period.valid_from <= registered.index_date
            and period.valid_until > registered.index_date
    where period.purpose = 'register'

),

-- A ratio of FEV1 to FVC under 0.7, also sent as a percentage.
obstruction as (

    select
        event.person_id,
        event.event_date
    from {{ ref('clinical_event') }} as event
    inner join {{ ref('code_cluster') }} as code_cluster
        on event.snomed_code = code_cluster.snomed_code
    where
        code_cluster.cluster_id = 'SPIRO_COD'
        and (event.value_number < 0.7 or event.value_number between 2 and 69.999)

),

copd_confirmed as (

    select distinct
        by_rule.person_id,
        by_rule.index_date
    from {{ ref('gp_register') }} as by_rule
    inner join obstruction
        on
            by_rule.person_id = obstruction.person_id
            and by_rule.index_date >= obstruction.event_date
            and (
                {{ days_between('by_rule.since_date', 'obstruction.event_date') }} between -93 and 186
                or {{ days_between('by_rule.registered_on', 'obstruction.event_date') }} between -93 and 186
            )
    where by_rule.register_code = 'COPD'

),

told_subtype as (

    select
        by_rule.person_id,
        by_rule.index_date,
        by_rule.register_code,
        min(register_subtype.subtype) as subtype
    from {{ ref('gp_register') }} as by_rule
    inner join {{ ref('register_subtype') }} as register_subtype
        on by_rule.register_code = register_subtype.register_code
    inner join {{ ref('gp_health_period') }} as period
        on
            by_rule.person_id = period.person_id
            and register_subtype.state_code = period.state_code
            and by_rule.index_date >= period.valid_from
            and by_rule.index_date < period.valid_until
    group by by_rule.person_id, by_rule.index_date, by_rule.register_code

)

select
    by_rule.person_id,
    by_rule.index_date,
    by_rule.register_code,
    by_rule.since_date,
    register.is_ltc as counts_as_ltc,
    case when hospital.person_id is null then 'gp' else 'both' end as evidence,
    -- Rule 4 of version 50 takes in the unconfirmed, too: the subtype says who they are.
    case
        when by_rule.register_code <> 'COPD' then told_subtype.subtype
        when by_rule.since_date < date '2023-04-01' then 'before_april_2023'
        when copd_confirmed.person_id is not null then 'confirmed'
        else 'unconfirmed'
    end as subtype
from {{ ref('gp_register') }} as by_rule
inner join {{ ref('health_register') }} as register
    on by_rule.register_code = register.register_code
left join hospital
    on
        by_rule.person_id = hospital.person_id
        and by_rule.index_date = hospital.index_date
        and by_rule.register_code = hospital.register_code
left join told_subtype
    on
        by_rule.person_id = told_subtype.person_id
        and by_rule.index_date = told_subtype.index_date
        and by_rule.register_code = told_subtype.register_code
left join copd_confirmed
    on
        by_rule.person_id = copd_confirmed.person_id
        and by_rule.index_date = copd_confirmed.index_date
union all
select
    hospital.person_id,
    hospital.index_date,
    hospital.register_code,
    hospital.since_date,
    register.is_ltc as counts_as_ltc,
    'hospital' as evidence,
    cast(null as {{ dbt.type_string() }}) as subtype
from hospital
inner join {{ ref('health_register') }} as register
    on hospital.register_code = register.register_code
left join {{ ref('clinical_event') }} as event
    on hospital.person_id = event.person_id
where
    event.person_id is null
    and (register.denominator_age_from = 0 or hospital.age_years >= register.denominator_age_from)
