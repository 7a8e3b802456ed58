-- One row per registered person and index date: everything that products say of a person, in one place.
{{ rows_follow_key('person_id', {
    'registered_person': 'person_id', 'person_score': 'person_id', 'person_segment': 'person_id',
    'clinical_event': 'person_id',
}, partition='index_date', partitioned=['registered_person', 'person_score', 'person_segment']) }}
with bmi as (

    select
        measured.person_id,
        measured.on_date as valid_from,
        measured.bmi,
        lead(measured.on_date, 1, {{ no_end() }}) over (
            partition by measured.person_id
            order by measured.on_date
        ) as valid_until
    from (
        select
            event.person_id,
            coalesce(event.event_date, event.recorded_on) as on_date,
            max(event.value_number) as bmi
        from {{ ref('clinical_event') }} as event
        inner join {{ ref('code_cluster') }} as code_cluster
            on event.snomed_code = code_cluster.snomed_code
        where
            code_cluster.cluster_id = 'BMIVAL_COD'
            and event.value_number is not null
            and event.person_id is not null
            and coalesce(event.event_date, event.recorded_on) is not null
        group by event.person_id, coalesce(event.event_date, event.recorded_on)
    ) as measured

)

select
    registered.person_id,
    registered.index_date,
    registered.is_current,
    registered.age_years,
    registered.sex_code,
    registered.ethnic_group,
    registered.lsoa_code,
    lsoa.imd_decile,
    registered.gp_practice_code,
    gp_practice.pcn_code,
    gp_practice.sub_icb_code,
    coalesce(lsoa.imd_decile <= 2, false) as is_core20,
    segment.is_care_home_resident,
    segment.is_palliative,
    segment.is_smoker,
    bmi.bmi as latest_bmi,
    score.ltc_count,
    segment.segment_code,
    registered.died_on
from {{ ref('registered_person') }} as registered
inner join {{ ref('person_score') }} as score
    on registered.person_id = score.person_id and registered.index_date = score.index_date
inner join {{ ref('person_segment') }} as segment
    on registered.person_id = segment.person_id and registered.index_date = segment.index_date
left join {{ ref('lsoa') }} as lsoa
    on registered.lsoa_code = lsoa.lsoa_code
left join {{ ref('gp_practice') }} as gp_practice
    on registered.gp_practice_code = gp_practice.gp_practice_code
left join bmi
    on
        registered.person_id = bmi.person_id
        and registered.index_date >= bmi.valid_from
        and registered.index_date < bmi.valid_until
