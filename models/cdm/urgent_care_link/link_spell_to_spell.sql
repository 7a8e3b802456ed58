-- One row per hospital spell and the spell that it went on in, one-to-one: the same person, admitted by
-- transfer (81) within six hours of discharge; by date where a time is not known (F 9.2).
with pairs as (

    select
        earlier.hospital_spell_id as from_event_id,
        later.hospital_spell_id as to_event_id,
        case
            when earlier.discharged_at is not null and later.admitted_at is not null then 'person'
            else 'person_and_date'
        end as link_method,
        case when earlier.discharged_at is not null and later.admitted_at is not null then 1 else 2 end
            as method_rank,
        {{ seconds_between('earlier.discharged_at', 'later.admitted_at') }} as seconds_apart
    from {{ ref('hospital_spell') }} as earlier
    inner join {{ ref('hospital_spell') }} as later
        on
            earlier.person_id = later.person_id
            and earlier.hospital_spell_id <> later.hospital_spell_id
            and later.admission_date
            between earlier.discharge_date and {{ days_add(1, 'earlier.discharge_date') }}
    where later.admission_method_code = '81'

),

candidates as (

    select
        {{ candidate_columns() }}
    from pairs
    where method_rank = 2 or seconds_apart between 0 and 21600

),

{{ one_to_one_links('spell_to_spell', 'candidates') }}
