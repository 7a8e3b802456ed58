-- One row per stay of an inpatient on one ward of any of the three hospitals, as it stands now: latest
-- version, standard codes, local clock.
{{ rows_follow_key('ward_stay_id', {'mseft.ward_stays': 'ward_stay_id'}) }}
with records as (

    {{ current_records('mseft', 'ward_stays') }}

),

sites as (

    select
        records.*,
        {{ standard_code('mseft', 'ward_stays', 'site_code') }} as standard_site_code
    from records

)

select
    ward_stay_id,
    standard_site_code as site_code,
    standard_site_code || ':' || spell_id as hospital_spell_id,
    ward_code,
    ward_name,
    {{ standard_code('mseft', 'ward_stays', 'ward_type_code') }} as ward_type_code,
    started_at as started_at_local,
    ended_at as ended_at_local,
    _batch_id as batch_id,
    _received_at as received_at
from sites
