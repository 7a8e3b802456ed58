-- One row per hospital spell and the package of care asked for because of it, one-to-one: the same person,
-- asked for from the day of admission to three days after discharge; the request nearest to the day of being
-- ready comes first (F 9.2).
with pairs as (

    select
        spell.hospital_spell_id as from_event_id,
        request.care_package_request_id as to_event_id,
        'person' as link_method,
        1 as method_rank,
        86400 * {{ days_between('coalesce(' ~ 'spell.discharge_ready_date, spell.discharge_date, request.requested_on' ~ ')', 'request.requested_on') }}
            as seconds_apart
    from {{ ref('hospital_spell') }} as spell
    inner join {{ ref('care_package_request') }} as request
        on
            spell.person_id = request.person_id
            and request.requested_on >= spell.admission_date
            and (
                spell.discharge_date is null
                or request.requested_on <= {{ days_add(3, 'spell.discharge_date') }}
            )

),

candidates as (

    select
        {{ candidate_columns() }}
    from pairs

),

{{ one_to_one_links('spell_to_package', 'candidates') }}
