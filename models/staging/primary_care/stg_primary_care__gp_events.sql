-- One row per coded entry of a practice record, whichever habit the practice has (F 2.12): a SNOMED CT
-- concept and a value in its standard unit. Local codes are mapped (seed gp_local_code); a blood pressure
-- that is one text becomes two rows; what is not plausible (seed gp_value_range, F 2.12.4) loses its value.
{{ rows_follow_key('event_id', {'primary_care.gp_events': 'event_id'}) }}
with records as (

    {{ current_records('primary_care', 'gp_events') }}

),

coded as (

    select
        records.*,
        case
            when records.snomed_code is not null then records.snomed_code
            when local_code.value_rule <> 'cigarettes' or records.value_number > 0 then local_code.snomed_code
            when records.value_number = 0 then local_code.other_snomed_code
        end as concept,
        local_code.other_snomed_code,
        case when records.snomed_code is null then local_code.value_rule else 'plain' end as value_rule,
        lower(trim(records.value_text)) as said
    from records
    left join {{ ref('gp_local_code') }} as local_code on records.local_code = local_code.local_code

),

pressures as (

    select
        event_id,
        {{ try_cast(regex_extract('said', gp_pressure_pattern(), 1), 'double') }} as upper_value,
        {{ try_cast(regex_extract('said', gp_pressure_pattern(), 2), 'double') }} as lower_value
    from coded
    where value_rule = 'blood_pressure'

),

-- The second half of a blood pressure that was sent as one text.
entries as (

    select
        coded.*,
        1 as part,
        case coded.value_rule
            when 'plain' then coalesce(coded.value_number, {{ try_cast('coded.said', 'double') }})
            when 'blood_pressure'
                then case when pressures.upper_value > lower_value then pressures.upper_value end
        end as number_sent
    from coded
    left join pressures on coded.event_id = pressures.event_id

    union all

    select
        coded.*,
        2 as part,
        case when pressures.upper_value > pressures.lower_value then pressures.lower_value end as number_sent
    from coded
    inner join pressures on coded.event_id = pressures.event_id

),

measured as (

    select
        entries.*,
        value_range.standard_unit,
        value_range.lowest,
        value_range.highest,
        case
            when entries.number_sent < value_range.convert_from then entries.number_sent
            when entries.number_sent < value_range.convert_below
                then
                    round(
                        (entries.number_sent - conversion_offset) * conversion_factor * conversion_precision
                    ) / conversion_precision
            else entries.number_sent
        end as number
    from (
        select
            entries.*,
            case when part = 1 then concept else other_snomed_code end as snomed
        from entries
    ) as entries
    left join {{ ref('gp_value_range') }} as value_range on entries.snomed = value_range.snomed_code

)

select
    'gp_events' as feed_table,
    event_id,
    cast(event_id as {{ dbt.type_string() }}) || case part when 2 then ':2' else '' end as clinical_event_id,
    gp_practice_code,
    cast(patient_id as {{ dbt.type_string() }}) as gp_patient_id,
    case when event_date > date '1900-01-01' and event_date <= recorded_on then event_date end as event_date,
    recorded_on,
    snomed as snomed_code,
    case when lowest is null or number between lowest and highest then number end as value_number,
    case when number is not null then coalesce(standard_unit, value_unit) end as value_unit,
    coalesce(is_problem, false) as is_problem,
    problem_ended_on,
    coalesce(is_confidential, false) as is_confidential,
    coalesce(is_imported, false) as is_imported,
    coalesce(said like 'fh:%' or said like 'fh %' or said like 'family history%', false)
        as is_family_history,
    _batch_id as batch_id,
    _received_at as received_at
from measured
