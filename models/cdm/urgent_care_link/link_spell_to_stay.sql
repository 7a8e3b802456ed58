-- One row per hospital spell and the stay in a community or mental-health bed that followed, one-to-one:
-- the same person, admitted from an acute ward (51) on the day of discharge or the day after; the hospital
-- that the stay names as its referrer comes first (F 9.2).
with pairs as (

    select
        spell.hospital_spell_id as from_event_id,
        stay.inpatient_stay_id as to_event_id,
        case when stay.referring_site_code = spell.site_code then 'referring_site' else 'person' end
            as link_method,
        case when stay.referring_site_code = spell.site_code then 1 else 2 end as method_rank,
        86400 * {{ days_between('spell.discharge_date', 'stay.admitted_on') }} as seconds_apart
    from {{ ref('hospital_spell') }} as spell
    inner join {{ ref('inpatient_stay') }} as stay
        on
            spell.person_id = stay.person_id
            and stay.admitted_on between spell.discharge_date and {{ days_add(1, 'spell.discharge_date') }}
    where stay.admission_source_code = '51'

),

candidates as (

    select
        {{ candidate_columns() }}
    from pairs

),

{{ one_to_one_links('spell_to_stay', 'candidates') }}
