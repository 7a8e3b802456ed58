-- One row per urgent-care journey: the keys of all its events, from the first contact to the last place of
-- care that the records know (F 9.2). Every event is in one journey only. A transfer to another hospital is
-- a further spell; three are followed.
with ed_to_spell as (

    select
        from_event_id,
        to_event_id
    from {{ links_of('ed_to_spell') }} as link

),

-- Where the department says that it admitted the patient, that journey has the spell.
next_spell as (

    select
        link.from_event_id,
        link.to_event_id
    from {{ links_of('spell_to_spell') }} as link
    left join ed_to_spell
        on link.to_event_id = ed_to_spell.to_event_id
    where ed_to_spell.to_event_id is null

),

journey as (

    select
        contact.urgent_call_id,
        contact.ambulance_incident_id,
        contact.ed_attendance_id,
        ed_to_spell.to_event_id as hospital_spell_id,
        contact.call_count,
        contact.first_call_at
    from {{ ref('pathway_contact') }} as contact
    left join ed_to_spell
        on contact.ed_attendance_id = ed_to_spell.from_event_id
    where
        -- A planned return is nobody's urgent journey unless somebody brought, sent or admitted the patient;
        -- an ambulance from hospital to hospital is part of a stay.
        contact.urgent_call_id is not null
        or (contact.ambulance_incident_id is not null and not contact.is_between_hospitals)
        or (contact.ed_attendance_id is not null and not contact.is_planned)
        or ed_to_spell.to_event_id is not null
    union all
    select
        cast(null as {{ dbt.type_string() }}) as urgent_call_id,
        cast(null as {{ dbt.type_string() }}) as ambulance_incident_id,
        cast(null as {{ dbt.type_string() }}) as ed_attendance_id,
        spell.hospital_spell_id,
        0 as call_count,
        cast(null as timestamp) as first_call_at
    from {{ ref('hospital_spell') }} as spell
    left join ed_to_spell
        on spell.hospital_spell_id = ed_to_spell.to_event_id
    left join next_spell
        on spell.hospital_spell_id = next_spell.to_event_id
    where
        spell.admission_group = 'emergency'
        and ed_to_spell.to_event_id is null
        and next_spell.to_event_id is null

),

followed as (

    select
        journey.*,
        second.to_event_id as transfer_spell_id,
        third.to_event_id as second_transfer_spell_id,
        coalesce(third.to_event_id, second.to_event_id, journey.hospital_spell_id) as last_spell_id
    from journey
    left join next_spell as second
        on journey.hospital_spell_id = second.from_event_id
    left join next_spell as third
        on second.to_event_id = third.from_event_id

),

-- A package that a community bed asked for is that bed's; else the one that the last hospital asked for.
bedded as (

    select
        followed.*,
        to_stay.to_event_id as inpatient_stay_id,
        from_stay.to_event_id as stay_package_id
    from followed
    left join {{ links_of('spell_to_stay') }} as to_stay
        on followed.last_spell_id = to_stay.from_event_id
    left join {{ links_of('stay_to_package') }} as from_stay
        on to_stay.to_event_id = from_stay.from_event_id

),

stay_package as (

    select stay_package_id
    from bedded
    where stay_package_id is not null

),

ended as (

    select
        bedded.*,
        case when stay_package.stay_package_id is null then from_spell.to_event_id end as spell_package_id
    from bedded
    left join {{ links_of('spell_to_package') }} as from_spell
        on bedded.last_spell_id = from_spell.from_event_id
    left join stay_package
        on from_spell.to_event_id = stay_package.stay_package_id

)

select
    case
        when urgent_call_id is not null then 'call:' || urgent_call_id
        when ambulance_incident_id is not null then 'incident:' || ambulance_incident_id
        when ed_attendance_id is not null then 'ed:' || ed_attendance_id
        else 'spell:' || hospital_spell_id
    end as urgent_care_pathway_id,
    urgent_call_id,
    ambulance_incident_id,
    ed_attendance_id,
    hospital_spell_id,
    transfer_spell_id,
    second_transfer_spell_id,
    last_spell_id,
    inpatient_stay_id,
    coalesce(stay_package_id, spell_package_id) as care_package_request_id,
    call_count,
    first_call_at
from ended
