-- One row per stay of an inpatient on one ward of an acute hospital. Whole minutes in UTC; a stay that
-- goes on, or ends before it starts, has none.
{{ rows_follow_key('ward_stay_id', {'stg_mseft__ward_stays': 'ward_stay_id'}) }}
with stays as (

    select
        staged.*,
        {{ local_to_utc('staged.started_at_local') }} as started_at
    from {{ ref('stg_mseft__ward_stays') }} as staged

),

timed as (

    select
        stays.*,
        {{ local_to_utc('ended_at_local', not_before='started_at') }} as ended_at
    from stays

),

measured as (

    select
        timed.*,
        {{ minutes_between('started_at', 'ended_at') }} as minutes_on_ward
    from timed

)

select
    measured.ward_stay_id,
    measured.hospital_spell_id,
    site.organisation_code,
    measured.site_code,
    measured.ward_code,
    measured.ward_name,
    measured.ward_type_code,
    coalesce(ward_type.group_code, 'unknown') as ward_group,
    measured.started_at,
    measured.ended_at,
    measured.started_at_local,
    measured.ended_at_local,
    {{ not_negative('measured.minutes_on_ward') }} as minutes
from measured
inner join {{ ref('site') }} as site
    on measured.site_code = site.site_code
{{ left_join_code('ward_type', 'measured.ward_type_code', 'ward_type') }}
