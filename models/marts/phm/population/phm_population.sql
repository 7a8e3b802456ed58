-- One row per snapshot and practice: how many people are registered, how many of them population health
-- leaves out because they opted out (F 5.3), and of how many of those it shows the hub holds entries of the
-- GP record.
with person as (

    select
        profile.index_date,
        coalesce(profile.gp_practice_code, 'unknown') as gp_practice_code,
        profile.pcn_code,
        profile.sub_icb_code,
        permitted.person_id is not null as is_included,
        in_gp_record.person_id is not null as is_in_gp_record,
        profile.imd_decile is not null as has_area
    from {{ ref('person_profile') }} as profile
    inner join ({{ snapshot_dates() }}) as snapshot
        on profile.index_date = snapshot.index_date
    left join {{ ref('person_for_research_and_planning') }} as permitted
        on profile.person_id = permitted.person_id
    left join (select distinct event.person_id from {{ ref('clinical_event') }} as event) as in_gp_record
        on profile.person_id = in_gp_record.person_id

)

select
    index_date,
    gp_practice_code,
    max(pcn_code) as pcn_code,
    max(sub_icb_code) as sub_icb_code,
    cast(count(*) as integer) as registered_people,
    cast(sum(case when is_included then 0 else 1 end) as integer) as opted_out_people,
    cast(sum(case when is_included then 1 else 0 end) as integer) as people,
    100 * {{ safe_divide('sum(case when is_included then 0 else 1 end)', 'count(*)') }} as opted_out_percent,
    cast(sum(case when is_included and is_in_gp_record then 1 else 0 end) as integer) as people_in_gp_record,
    cast(sum(case when is_included and has_area then 1 else 0 end) as integer) as people_with_area
from person
group by index_date, gp_practice_code
