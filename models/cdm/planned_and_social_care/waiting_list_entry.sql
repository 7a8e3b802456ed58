-- One row per pathway and week while it is open on the waiting list (census Sunday, F 2.4.1). A pathway
-- that a list names more than once counts once: the inpatient line before the outpatient one, as the
-- decision to admit came later, and the trust's own before that of a predecessor, whose system nobody
-- keeps up.
{{ rows_follow_key('person_id', {
    'stg_mseft__waiting_list': through_input(
        'person_identity', {'feed_table': 'feed_table', 'record_id': 'pathway_id'}
    ),
    'person_identity': 'person_id',
    'person': 'person_id',
}) }}
with lines as (

    select
        list.*,
        status.code as known_rtt_status_code,
        coalesce(status.group_code, 'unknown') as clock_effect,
        count(*) over (partition by list.week_ending_date, list.pathway_id) as lines_sent,
        row_number() over (
            partition by list.week_ending_date, list.pathway_id
            order by
                case when list.waiting_list_type_code in ('IRTT', 'INON', 'PTLI') then 0 else 1 end,
                case when list.sent_issuer_code = 'RAJ' then 0 else 1 end,
                list.clock_start_date desc,
                list.sent_issuer_code,
                list.sent_waiting_list_type_code
        ) as preference
    from {{ ref('stg_mseft__waiting_list') }} as list
    {{ left_join_code('rtt_status', 'list.rtt_status_code', 'status') }}

),

counted as (

    select
        lines.*,
        {{ wait_days('lines.clock_start_date', 'lines.week_ending_date') }} as wait_days,
        -- a period that a list says has ended, or never began, does not tick
        coalesce(
            lines.waiting_list_type_code in ('ORTT', 'IRTT')
            and lines.clock_effect in ('start', 'ticking', 'unknown'), false
        ) as is_rtt_incomplete
    from lines
    where lines.preference = 1

)

select
    cast(counted.week_ending_date as {{ dbt.type_string() }}) || '|' || counted.pathway_id
        as waiting_list_entry_id,
    counted.week_ending_date,
    counted.pathway_id,
    person_identity.person_id,
    'RAJ' as organisation_code,
    counted.site_code,
    counted.waiting_list_type_code,
    {{ without_sensitive('treatment_function', 'treatment_function.code') }} as treatment_function_code,
    counted.priority_code,
    counted.procedure_priority_code,
    counted.clock_start_date,
    counted.wait_days,
    {{ wait_week('counted.wait_days') }} as wait_week,
    counted.is_rtt_incomplete,
    counted.is_rtt_incomplete and {{ waits_within_weeks('counted.wait_days', 18) }} as is_within_18_weeks,
    {%- for weeks in [52, 65, 104] %}
    counted.is_rtt_incomplete and {{ waits_over_weeks('counted.wait_days', weeks) }}
        as is_over_{{ weeks }}_weeks,
    {%- endfor %}
    counted.known_rtt_status_code as rtt_status_code,
    counted.decided_to_admit_on,
    counted.tci_date,
    coalesce(counted.tci_date < counted.week_ending_date, false) as is_tci_past,
    counted.next_appointment_date,
    coalesce(person.died_on < counted.week_ending_date, false) as is_dead_on_list,
    counted.lines_sent > 1 as is_listed_more_than_once,
    census.is_newest_census,
    counted.feed_table
from counted
inner join {{ ref('waiting_list_census') }} as census
    on counted.week_ending_date = census.week_ending_date
{{ left_join_person('counted', 'pathway_id') }}
left join {{ ref('person') }} as person
    on person_identity.person_id = person.person_id
{{ left_join_code('treatment_function', 'counted.treatment_function_code', 'treatment_function') }}
