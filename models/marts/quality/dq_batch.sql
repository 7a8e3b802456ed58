-- One row per file that a partner sent: accepted or rejected, how many records were taken and held back,
-- and why.
select
    batch_id,
    partner,
    feed_table,
    status,
    file_name,
    file_bytes,
    cast(received_at as timestamp) as received_at,
    contract_version,
    agreement,
    rows_in,
    rows_accepted,
    rows_quarantined,
    round(100 * {{ safe_divide('rows_quarantined', 'rows_in') }}, 2) as quarantined_percent,
    reason
from {{ source('hub', 'batch') }}
