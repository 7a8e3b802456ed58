-- One row per urgent-care journey, from the first contact to the last place of care that the records know:
-- its events, its waits in minutes, which of them cost most and where. Journeys in the identifying zone;
-- the mart uec_pathway has them under keys that mean nothing outside.
with wait as (

    -- Minutes have one decimal, so that the earlier of two equal waits is the greater number.
    select
        urgent_care_wait.*,
        case when wait_minutes > 0 then 1000 * wait_minutes - {{ pathway_wait_order('wait_step') }} end
            as cost
    from {{ ref('urgent_care_wait') }} as urgent_care_wait

),

waited as (

    select
        urgent_care_pathway_id,
        {%- for wait in pathway_waits() %}
        max(case when wait_step = '{{ wait.step }}' then wait_minutes end) as {{ wait.step }}_minutes,
        {%- endfor %}
        round(sum(wait_minutes), 1) as total_wait_minutes,
        sum(case when wait_minutes is null then 1 else 0 end) as unknown_wait_count,
        max(case when is_open then wait_step end) as waiting_for,
        {{ latest_value('wait_step', 'cost') }} as costliest_wait,
        max(case when wait_minutes > 0 then wait_minutes end) as costliest_wait_minutes,
        {{ latest_value("coalesce(organisation_code, '')", 'cost') }} as blocked_at_organisation_code,
        {{ latest_value("coalesce(site_code, '')", 'cost') }} as blocked_at_site_code
    from wait
    group by urgent_care_pathway_id

),

-- What the discharge list said last of why the patient was still there.
listed as (

    select
        hospital_spell_id,
        {{ latest_value('pathway_code', 'census_date') }} as pathway_code,
        {{ latest_value('delay_reason_code', 'census_date') }} as delay_reason_code
    from {{ ref('discharge_list_entry') }}
    group by hospital_spell_id

)

select
    step.urgent_care_pathway_id,
    outcome.person_id,
    outcome.age_years,
    outcome.sex_code,
    outcome.is_covid,
    outcome.first_contact,
    outcome.started_on,
    outcome.started_hour,
    outcome.site_code,
    step.urgent_call_id,
    step.ambulance_incident_id,
    step.ed_attendance_id,
    step.hospital_spell_id,
    step.transfer_spell_id,
    step.second_transfer_spell_id,
    step.inpatient_stay_id,
    step.care_package_request_id,
    step.call_count,
    {%- for wait in pathway_waits() %}
    waited.{{ wait.step }}_minutes,
    {%- endfor %}
    waited.total_wait_minutes,
    coalesce(waited.unknown_wait_count, 0) as unknown_wait_count,
    waited.waiting_for,
    waited.costliest_wait,
    waited.costliest_wait_minutes,
    nullif(waited.blocked_at_organisation_code, '') as blocked_at_organisation_code,
    nullif(waited.blocked_at_site_code, '') as blocked_at_site_code,
    coalesce(stay.pathway_code, listed.pathway_code) as discharge_pathway_code,
    coalesce(stay.delay_reason_code, listed.delay_reason_code) as delay_reason_code,
    case
        when
            outcome.outcome = 'transferred' and stay.inpatient_stay_id is null
            and listed.pathway_code = 'P2' then 'community_bed'
        else outcome.outcome
    end as outcome,
    outcome.is_complete
from {{ ref('pathway_step') }} as step
inner join {{ ref('pathway_outcome') }} as outcome
    on step.urgent_care_pathway_id = outcome.urgent_care_pathway_id
left join waited
    on step.urgent_care_pathway_id = waited.urgent_care_pathway_id
left join listed
    on step.last_spell_id = listed.hospital_spell_id
left join {{ ref('inpatient_stay') }} as stay
    on step.inpatient_stay_id = stay.inpatient_stay_id
