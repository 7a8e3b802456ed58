-- One row per registered person and index date of the risk model, with what was known of the person on
-- that day and nothing later (F 4.7): test_risk_leakage.py changes everything after the day and finds the
-- same rows. All counts go back the same number of days (risk_plan), the day itself included; recent means
-- the last 90 days.
{%- set uses = ['elective', 'outpatient', 'outpatient_dna', 'call_111', 'ambulance', 'gp_appointment'] %}
with days as (

    {%- for role in ['score', 'validate', 'train'] %}
    select
        {{ role }}_date as index_date,
        '{{ role }}' as role,
        {{ days_add('-lookback_days', role ~ '_date') }} as after,
        {{ days_add(-90, role ~ '_date') }} as recent
    from {{ ref('risk_plan') }}
    where {{ role }}_date is not null
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

counted as (

    select
        events.person_id,
        {%- for kind in ['ed', 'emergency'] %}
        sum(case when events.kind = '{{ kind }}' then 1 else 0 end) as {{ kind }}_count,
        sum(
            case when events.kind = '{{ kind }}' and events.event_date > days.recent then 1 else 0 end
        )
            as {{ kind }}_recent_count,
        {%- endfor %}
        {%- for kind in uses %}
        sum(case when events.kind = '{{ kind }}' then 1 else 0 end) as {{ kind }}_count,
        {%- endfor %}
        days.index_date
    from {{ ref('risk_event') }} as events
    inner join days
        on
            events.event_date <= days.index_date
            and events.event_date > days.after
    group by events.person_id, days.index_date

),

-- What a person is under on the day. An end that lies after it was not known then, and is not asked for.
caseloads as (

    select
        under.person_id,
        days.index_date,
        max(case when under.kind = 'mental_health' then 1 else 0 end) as mental_health,
        max(case when under.kind = 'community' then 1 else 0 end) as community,
        max(case when under.kind = 'social_care' then 1 else 0 end) as social_care
    from (
        select
            person_id,
            setting as kind,
            cast(received_at_local as date) as since_date,
            closed_on as until_date
        from {{ ref('care_referral') }}
        union all
        select
            person_id,
            'social_care' as kind,
            started_on as since_date,
            ended_on as until_date
        from {{ ref('social_care_event') }}
        where is_long_term_support and event_type = 'service'
    ) as under
    inner join days
        on
            under.since_date <= days.index_date
            and (under.until_date is null or under.until_date > days.index_date)
    group by under.person_id, days.index_date

),

registers as (

    select
        on_register.person_id,
        {%- for code in risk_registers() %}
        max(case when on_register.register_code = '{{ code | upper }}' then 1 else 0 end) = 1
            as has_{{ code }},
        {%- endfor %}
        on_register.index_date
    from {{ ref('person_register') }} as on_register
    inner join days
        on on_register.index_date = days.index_date
    group by on_register.person_id, on_register.index_date

)

select
    profile.person_id,
    profile.index_date,
    days.role,
    coalesce(profile.age_years, 40) as age_years,
    profile.sex_code,
    profile.imd_decile,
    {%- for code in risk_registers() %}
    coalesce(registers.has_{{ code }}, false) as has_{{ code }},
    {%- endfor %}
    coalesce(score.cambridge_score, 0) as cambridge_score,
    score.efi_band,
    coalesce(score.hfrs_tenths, 0) as hfrs_tenths,
    coalesce(score.repeat_medicine_count, 0) as repeat_medicine_count,
    {%- for kind in ['ed', 'emergency'] %}
    cast(coalesce(counted.{{ kind }}_count, 0) as integer) as {{ kind }}_count,
    cast(coalesce(counted.{{ kind }}_recent_count, 0) as integer) as {{ kind }}_recent_count,
    {%- endfor %}
    cast(coalesce(counted.ed_count - counted.ed_recent_count, 0) as integer) as ed_earlier_count,
    {%- for kind in uses %}
    cast(coalesce(counted.{{ kind }}_count, 0) as integer) as {{ kind }}_count,
    {%- endfor %}
    coalesce(profile.is_care_home_resident, false) as is_care_home_resident,
    coalesce(profile.is_palliative, false) as is_palliative,
    coalesce(caseloads.mental_health = 1, false) as has_mental_health_caseload,
    coalesce(caseloads.community = 1, false) as has_community_caseload,
    coalesce(caseloads.social_care = 1, false) as has_social_care,
    coalesce(profile.is_smoker, false) as is_smoker,
    profile.latest_bmi
from {{ ref('person_profile') }} as profile
inner join days
    on profile.index_date = days.index_date
left join {{ ref('person_score') }} as score
    on profile.person_id = score.person_id and profile.index_date = score.index_date
left join registers
    on profile.person_id = registers.person_id and profile.index_date = registers.index_date
left join counted
    on profile.person_id = counted.person_id and profile.index_date = counted.index_date
left join caseloads
    on profile.person_id = caseloads.person_id and profile.index_date = caseloads.index_date
