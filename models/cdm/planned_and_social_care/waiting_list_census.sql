-- One row per census Sunday for which the trust has sent its waiting list. A table of its own, so that an
-- entry need not ask all others whether theirs is newer.
with received as (

    select distinct week_ending_date
    from {{ ref('stg_mseft__waiting_list') }}

)

select
    week_ending_date,
    week_ending_date = (select max(newest.week_ending_date) from received as newest) as is_newest_census
from received
