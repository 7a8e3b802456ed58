{{ config(materialized='view') }}
-- One row per declared check: what it looked at and what it found, passes too. A view, because checks run
-- after the models. The samples of failing keys stay in the warehouse.
select
    check_id,
    check_name,
    kind,
    table_name,
    column_name,
    severity,
    rows_checked,
    rows_failed,
    round(100 * {{ safe_divide('rows_failed', 'rows_checked') }}, 2) as failed_percent,
    status,
    message,
    as_of
from {{ source('hub', 'check_result') }}
