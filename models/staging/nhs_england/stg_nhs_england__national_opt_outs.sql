-- One row per NHS number with a national data opt-out in the newest answer of the check service (F 5.3). The
-- answer is a snapshot: who is no longer in it has come back.
with records as (

    {{ current_patients('nhs_england', 'national_opt_outs') }}

),

first_answer as (

    select
        {{ nhs_number_clean('nhs_number') }} as _nhs_number,
        min(checked_on) as first_listed_on
    from {{ source('nhs_england', 'national_opt_outs') }}
    group by {{ nhs_number_clean('nhs_number') }}

)

select
    'national_opt_outs' as feed_table,
    records._nhs_number as nhs_number,
    first_answer.first_listed_on,
    records._batch_id as batch_id,
    records._received_at as received_at
from records
inner join first_answer
    on records._nhs_number = first_answer._nhs_number
where {{ nhs_number_is_valid('records._nhs_number') }}
