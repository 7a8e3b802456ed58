-- One row per journey and wait that is told in days: on a ward after being ready to leave it, in a
-- community bed after being ready to leave it, and out of hospital until care at home begins. A day is
-- counted once, for the place where it was spent. A wait that goes on has no last day.
with today as (

    select {{ as_of_date() }} as as_of_date

),

-- The discharge list knows who is ready before the spell's record does; its last word counts, and for a
-- patient who is still in only while the patient is on the trust's newest list.
listed as (

    select
        entry.hospital_spell_id,
        {{ latest_value('entry.ready_date', 'entry.census_date') }} as ready_date,
        max(case when entry.census_date = newest.census_date then 1 else 0 end) = 1 as is_on_newest_list
    from {{ ref('discharge_list_entry') }} as entry
    inner join (
        select
            organisation_code,
            max(census_date) as census_date
        from {{ ref('discharge_list_entry') }}
        group by organisation_code
    ) as newest
        on entry.organisation_code = newest.organisation_code
    group by entry.hospital_spell_id

),

spell as (

    select
        step.urgent_care_pathway_id,
        spell.organisation_code,
        spell.site_code,
        spell.admission_date,
        spell.discharge_date,
        spell.discharge_method_code in ('4', '5') as is_dead,
        coalesce(
            spell.discharge_ready_date,
            case when spell.discharge_date is not null or listed.is_on_newest_list then listed.ready_date end
        ) as ready_date
    from {{ ref('pathway_step') }} as step
    inner join {{ ref('hospital_spell') }} as spell
        on step.last_spell_id = spell.hospital_spell_id
    left join listed
        on spell.hospital_spell_id = listed.hospital_spell_id
    where spell.patient_classification_code = '1'

),

ward_wait as (

    select
        urgent_care_pathway_id,
        'wait_after_ready' as wait_step,
        organisation_code,
        site_code,
        case
            when ready_date between admission_date and coalesce(discharge_date, ready_date) then ready_date
        end as started_on,
        discharge_date as stopped_on,
        discharge_date is null as is_open
    from spell
    where
        -- Nobody waits to leave who was never ready: the dead, same-day stays, those who still need the bed.
        ready_date is not null
        or (discharge_date > admission_date and not coalesce(is_dead, false))

),

stay as (

    select
        step.urgent_care_pathway_id,
        stay.*,
        coalesce(stay.discharge_destination_code = '79', false) as is_dead
    from {{ ref('pathway_step') }} as step
    inner join {{ ref('inpatient_stay') }} as stay
        on step.inpatient_stay_id = stay.inpatient_stay_id

),

community_wait as (

    select
        urgent_care_pathway_id,
        'wait_after_ready_community' as wait_step,
        organisation_code,
        site_code,
        ready_on as started_on,
        discharged_on as stopped_on,
        is_open
    from stay
    where ready_on is not null or (discharged_on is not null and not is_dead)

),

-- Days in a bed are counted above; what is left is the time between leaving the last bed and the first visit.
package_wait as (

    select
        step.urgent_care_pathway_id,
        'wait_for_package' as wait_step,
        request.organisation_code,
        cast(null as {{ dbt.type_string() }}) as site_code,
        greatest(request.requested_on, coalesce(stay.discharged_on, spell.discharge_date)) as started_on,
        case
            when request.closed_on >= request.requested_on
                then greatest(request.closed_on, coalesce(stay.discharged_on, spell.discharge_date))
        end as stopped_on,
        request.status_code = 'waiting' as is_open
    from {{ ref('pathway_step') }} as step
    inner join {{ ref('care_package_request') }} as request
        on step.care_package_request_id = request.care_package_request_id
    left join spell
        on step.urgent_care_pathway_id = spell.urgent_care_pathway_id
    left join stay
        on step.urgent_care_pathway_id = stay.urgent_care_pathway_id
    where
        case
            when step.inpatient_stay_id is not null then stay.discharged_on is not null
            else spell.discharge_date is not null
        end

),

wait as (

    {% for relation in ['ward_wait', 'community_wait', 'package_wait'] %}
    select * from {{ relation }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

)

select
    wait.urgent_care_pathway_id,
    wait.wait_step,
    wait.organisation_code,
    wait.site_code,
    wait.started_on,
    wait.stopped_on,
    wait.is_open and wait.started_on is not null as is_open,
    today.as_of_date
from wait
cross join today
