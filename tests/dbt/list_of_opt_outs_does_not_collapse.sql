-- The newest answer of the check for national opt-outs names at least half as many people as the one before
-- it. A list cut short would put people into secondary use who opted out; then nothing is published (F 5.3).
with answers as (

    select
        _batch_id,
        count(*) as people,
        row_number() over (order by max(_received_at) desc, max(_file_name) desc, _batch_id desc) as recency
    from {{ source('nhs_england', 'national_opt_outs') }}
    group by _batch_id

)

select
    newest.people,
    before.people as people_before
from answers as newest
inner join answers as before
    on newest.recency = 1 and before.recency = 2
where 2 * newest.people < before.people
