-- One row per person on the newest waiting list (RTT incomplete, F 3.7), at as_of: how long the longest wait
-- is, and whether use of GP, emergency department, 111 or ambulance, or of the last three together, in the
-- last 90 days is rising against the person's own 12 months before.
{%- set kinds = ['gp', 'ed', 'call_111', 'ambulance', 'urgent'] %}
with pathway as (

    select
        person_id,
        count(*) as pathway_count,
        max(wait_days) as longest_wait_days,
        max(case when wait_order = 1 then treatment_function_code end) as treatment_function_code,
        max(case when wait_order = 1 then organisation_code end) as organisation_code,
        max(case when wait_order = 1 then priority_code end) as priority_code,
        max(case when wait_order = 1 then clock_start_date end) as clock_start_date,
        min(tci_date) as next_tci_date
    from (
        select
            entry.*,
            row_number() over (
                partition by entry.person_id
                order by coalesce(entry.wait_days, -1) desc, entry.waiting_list_entry_id
            ) as wait_order
        from {{ ref('waiting_list_entry') }} as entry
        where entry.is_newest_census and entry.is_rtt_incomplete and entry.person_id is not null
    ) as newest
    group by person_id

),

-- Somebody who came to the practice in the last half year has no time before to compare with.
judged as (

    select
        contact.person_id,
        contact.contact_kind,
        contact.recent_count,
        contact.before_count,
        contact.before_days,
        {{ is_use_rising('contact.recent_count', 90, 'contact.before_count', 'contact.before_days') }}
        and coalesce(
            registration.registered_on <= {{ days_add(-180, as_of_date()) }}, true
        ) as is_rising
    from {{ ref('waiting_patient_contact') }} as contact
    left join {{ ref('registration') }} as registration
        on contact.person_id = registration.person_id

),

used as (

    select
        person_id,
        {%- for kind in kinds %}
        sum(case when contact_kind = '{{ kind }}' then recent_count else 0 end) as {{ kind }}_recent,
        sum(case when contact_kind = '{{ kind }}' then before_count else 0 end) as {{ kind }}_before,
        max(case when contact_kind = '{{ kind }}' and is_rising then 1 else 0 end) = 1 as {{ kind }}_rising,
        {%- endfor %}
        max(case when before_days >= 90 then 1 else 0 end) = 1 as is_comparable,
        max(case when is_rising then 1 else 0 end) = 1 as is_rising
    from judged
    group by person_id

)

select
    pathway.person_id,
    {{ as_of_date() }} as index_date,
    cast(pathway.pathway_count as integer) as pathway_count,
    pathway.organisation_code,
    pathway.treatment_function_code,
    pathway.priority_code,
    pathway.clock_start_date,
    cast(floor(pathway.longest_wait_days / 7.0) as integer) as longest_wait_weeks,
    coalesce(pathway.longest_wait_days > 126, false) as is_over_18_weeks,
    pathway.next_tci_date,
    {%- for kind in kinds %}
    cast(coalesce(used.{{ kind }}_recent, 0) as integer) as {{ kind }}_recent_count,
    cast(coalesce(used.{{ kind }}_before, 0) as integer) as {{ kind }}_before_count,
    coalesce(used.{{ kind }}_rising, false) as is_{{ kind }}_rising,
    {%- endfor %}
    coalesce(used.is_comparable, false) as is_comparable,
    coalesce(used.is_rising, false) as is_rising
from pathway
left join used
    on pathway.person_id = used.person_id
inner join {{ ref('person') }} as person
    on pathway.person_id = person.person_id
where person.died_on is null or person.died_on > {{ as_of_date() }}
