-- One row per feed table: what its contract promises, when it last came, how much of it was taken, why the
-- newest of it was not, and which metrics can not be had without it. Read from the contracts and from the
-- lineage of the metrics, so a feed with no file is here too.
with feed as (

    {{ feeds_and_promises() }}

),

received as (

    select
        partner,
        feed_table,
        max(case when status = 'accepted' then received_at end) as last_received_at,
        max(case when status = 'rejected' then received_at end) as last_rejected_at,
        sum(case when status = 'accepted' then 1 else 0 end) as batches_accepted,
        sum(case when status = 'rejected' then 1 else 0 end) as batches_rejected,
        sum(rows_in) as rows_in,
        sum(rows_accepted) as rows_accepted,
        sum(rows_quarantined) as rows_quarantined
    from {{ source('hub', 'batch') }}
    group by partner, feed_table

),

in_order as (

    select
        partner,
        feed_table,
        status,
        reason,
        row_number() over (
            partition by partner, feed_table
            order by received_at desc, status, batch_id
        ) as place
    from {{ source('hub', 'batch') }}

),

refused as (

    select
        partner,
        feed_table,
        reason
    from in_order
    where
        place = 1
        and status = 'rejected'

),

aged as (

    select
        feed.*,
        received.last_received_at,
        received.last_rejected_at,
        {{ minutes_between('received.last_received_at', as_of()) }} as age_minutes,
        coalesce(received.batches_accepted, 0) as batches_accepted,
        coalesce(received.batches_rejected, 0) as batches_rejected,
        coalesce(received.rows_in, 0) as rows_in,
        coalesce(received.rows_accepted, 0) as rows_accepted,
        coalesce(received.rows_quarantined, 0) as rows_quarantined,
        refused.reason as not_taken_because
    from feed
    left join received
        on
            feed.partner = received.partner
            and feed.feed_table = received.feed_table
    left join refused
        on
            feed.partner = refused.partner
            and feed.feed_table = refused.feed_table

)

select
    partner,
    feed_table,
    partner_title,
    description,
    organisation_code,
    steward,
    agreement,
    dataset,
    contract_version,
    cadence,
    late_after_minutes,
    very_late_after_minutes,
    cast(last_received_at as timestamp) as last_received_at,
    cast(last_rejected_at as timestamp) as last_rejected_at,
    cast(age_minutes as bigint) as age_minutes,
    case
        when last_received_at is null then 'missing'
        when age_minutes <= late_after_minutes then 'fresh'
        when age_minutes <= very_late_after_minutes then 'late'
        else 'very_late'
    end as status,
    not_taken_because,
    cast(batches_accepted as bigint) as batches_accepted,
    cast(batches_rejected as bigint) as batches_rejected,
    cast(rows_in as bigint) as rows_in,
    cast(rows_accepted as bigint) as rows_accepted,
    cast(rows_quarantined as bigint) as rows_quarantined,
    metrics,
    cast({{ as_of() }} as timestamp) as as_of
from aged
