-- One row per feed table and group of restricted codes: how many records came with such a code, which the
-- common data model has without it (F 5.6). It counts what was removed and names no code.
with told as (

    {% for model in [
        'stg_mseft__broomfield_spells', 'stg_mseft__southend_spells', 'stg_mseft__basildon_spells'
    ] %}
    select
        feed_table,
        'icd10' as code_system,
        primary_diagnosis_code as code,
        count(*) as records
    from {{ ref(model) }}
    group by feed_table, primary_diagnosis_code
    union all
    select
        feed_table,
        'treatment_function' as code_system,
        treatment_function_code as code,
        count(*) as records
    from {{ ref(model) }}
    group by feed_table, treatment_function_code
    union all
    {% endfor %}
    {% for model in [
        'stg_mseft__broomfield_ed_attendances', 'stg_mseft__southend_ed_attendances',
        'stg_mseft__basildon_ed_attendances'
    ] %}
    select
        feed_table,
        'snomed' as code_system,
        diagnosis_code as code,
        count(*) as records
    from {{ ref(model) }}
    group by feed_table, diagnosis_code
    union all
    {% endfor %}
    select
        feed_table,
        'snomed' as code_system,
        snomed_code as code,
        count(*) as records
    from {{ ref('stg_primary_care__gp_events') }}
    group by feed_table, snomed_code

)

select
    told.feed_table,
    sensitive_code.code_group,
    sum(told.records) as records
from told
inner join {{ ref('sensitive_code') }} as sensitive_code
    on
        told.code_system = sensitive_code.code_system
        and sensitive_code.action = 'drop'
        and (
            told.code = sensitive_code.code_prefix
            or (told.code_system = 'icd10' and told.code like sensitive_code.code_prefix || '%')
        )
group by told.feed_table, sensitive_code.code_group
