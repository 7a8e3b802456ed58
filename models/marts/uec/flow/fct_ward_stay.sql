-- One row per stay on a ward, numbered within its hospital spell. It has no key of its own: a pseudonym is
-- dear, and nothing points to a single ward stay.
with spell as (

    select
        spells.hospital_spell_id,
        {{ pseudonym('secondary_use', 'spells.hospital_spell_id') }} as hospital_spell_key
    from (
        select hospital_spell_id
        from {{ ref('ward_stay') }}
        group by hospital_spell_id
    ) as spells

)

select
    spell.hospital_spell_key,
    cast(
        row_number() over (
            partition by ward_stay.hospital_spell_id
            order by ward_stay.started_at, ward_stay.ended_at nulls last, ward_stay.ward_stay_id
        ) as integer
    ) as ward_stay_number,
    ward_stay.organisation_code,
    ward_stay.site_code,
    ward_stay.ward_code,
    ward_stay.ward_name,
    ward_stay.ward_type_code,
    ward_stay.ward_group,
    cast(ward_stay.started_at_local as date) as started_date,
    cast(extract(hour from ward_stay.started_at_local) as integer) as started_hour,
    cast(ward_stay.ended_at_local as date) as ended_date,
    cast(extract(hour from ward_stay.ended_at_local) as integer) as ended_hour,
    cast(ward_stay.minutes as integer) as minutes,
    ward_stay.ended_at_local is null as is_open
from {{ ref('ward_stay') }} as ward_stay
inner join spell
    on ward_stay.hospital_spell_id = spell.hospital_spell_id
