-- One row per pathway on the waiting list: who waits, as the newest list says. So the person index meets a
-- pathway once, and not once a week.
{{ rows_follow_key('pathway_number', {'mseft.waiting_list': 'pathway_number'}) }}
with records as (

    {{ current_patients('mseft', 'waiting_list') }}

),

newest as (

    select
        records.*,
        {{ standard_code('mseft', 'waiting_list', 'issuer_code') }}
        || ':' || pathway_number || '/' || referral_number as pathway_id
    from records

),

ranked as (

    select
        newest.*,
        row_number() over (
            partition by newest.pathway_id
            order by
                newest.week_ending_date desc,
                newest.issuer_code,
                newest.waiting_list_type_code,
                newest.clock_start_date
        ) as recency
    from newest

)

select
    'waiting_list' as feed_table,
    pathway_id,
    pathway_number,
    {{ standard_code('mseft', 'waiting_list', 'site_code') }} as site_code,
    week_ending_date,
    {{ patient_columns('mseft', 'waiting_list') }},
    _batch_id as batch_id,
    _received_at as received_at
from ranked
where recency = 1
