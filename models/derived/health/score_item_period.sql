-- One row per person, score, item of it and stretch of time in which the item counts: a deficit of the
-- frailty index (F 4.6), a condition of the Cambridge score (F 4.3, hundredths), a code of the Hospital
-- Frailty Risk Score (F 4.5, tenths), a repeat medicine. However many codes say so, an item counts once.
{{ rows_follow_key('person_id', {
    'gp_health_period': 'person_id', 'medicine_period': 'person_id', 'hospital_health_period': 'person_id',
}) }}
with state as (

    {{ states_of_gp_record() }}

),

-- What counts for a score, and for how much: an item counts once, however many codes say so.
item_state as (

    select
        state.person_id,
        'efi' as score,
        deficit.deficit_code as item,
        1 as points,
        state.valid_from,
        state.valid_until
    from state
    inner join {{ ref('efi_deficit') }} as deficit
        on state.state_code = deficit.state_code
    union all
    select
        state.person_id,
        'cambridge' as score,
        condition.condition_code as item,
        condition.weight_hundredths as points,
        greatest(state.valid_from, coalesce(also.valid_from, state.valid_from)) as valid_from,
        least(state.valid_until, coalesce(also.valid_until, state.valid_until)) as valid_until
    from state
    inner join {{ ref('cambridge_condition') }} as condition
        on state.state_code = condition.state_code
    left join state as also
        on
            state.person_id = also.person_id
            and condition.also_needs_state_code = also.state_code
            and state.valid_from < also.valid_until
            and state.valid_until > also.valid_from
    where condition.also_needs_state_code is null or also.state_code is not null

)

{{ merged_periods('item_state', ['person_id', 'score', 'item', 'points']) }}
union all
select
    period.person_id,
    'hfrs' as score,
    period.state_code as item,
    hfrs_code.tenths as points,
    period.valid_from,
    period.valid_until
from {{ ref('hospital_health_period') }} as period
inner join {{ ref('hfrs_code') }} as hfrs_code
    on period.state_code = hfrs_code.icd10_code
where period.purpose = 'hfrs'
union all
select
    period.person_id,
    'repeat' as score,
    period.state_code as item,
    1 as points,
    period.valid_from,
    period.valid_until
from {{ ref('medicine_period') }} as period
where period.purpose = 'repeat'
