-- One row per feed table and group of restricted codes: how many records came with such a code, which the
-- common data model has without it (F 5.6). A record counts once in a group, a pathway once for all weeks of
-- the waiting list. It counts what was removed and names no code.
{%- set carriers = [] %}
{%- for site in ['broomfield', 'southend', 'basildon'] %}
    {%- for code_system, codes in [
        ('icd10', 'primary_diagnosis_code'),
        ('icd10', 'secondary_diagnosis_codes'),
        ('treatment_function', 'treatment_function_code'),
    ] %}
        {%- do carriers.append(('stg_mseft__' ~ site ~ '_spells', 'hospital_spell_id', code_system, codes)) %}
    {%- endfor %}
    {%- for codes in ['diagnosis_code', 'chief_complaint_code'] %}
        {%- do carriers.append(('stg_mseft__' ~ site ~ '_ed_attendances', 'ed_attendance_id', 'snomed', codes)) %}
    {%- endfor %}
{%- endfor %}
{%- for model, key in [
    ('stg_mseft__outpatient_appointments', 'outpatient_appointment_id'), ('stg_mseft__waiting_list', 'pathway_id')
] %}
    {%- do carriers.append((model, key, 'treatment_function', 'treatment_function_code')) %}
{%- endfor %}
{%- for model in [
    'stg_primary_care__gp_events', 'stg_fhir_practices__conditions', 'stg_fhir_practices__observations'
] %}
    {%- do carriers.append((model, 'clinical_event_id', 'snomed', 'snomed_code')) %}
{%- endfor %}
{%- for model in ['stg_eput__mh_referrals', 'stg_nelft__mh_referrals'] %}
    {%- do carriers.append((model, 'care_referral_id', 'mh_referral_reason', 'reason_code')) %}
{%- endfor %}
with told as (

    {% for model, key, code_system, codes in carriers %}
    select
        feed_table,
        {{ key }} as record_id,
        '{{ code_system }}' as code_system,
        ';' || {{ codes }} || ';' as codes
    from {{ ref(model) }}
    {%- if codes == 'secondary_diagnosis_codes' %}
    where coalesce({{ list_without_sensitive(code_system, codes) }}, '') <> {{ codes }}
    {%- else %}
    where {{ is_sensitive_code(code_system, codes) }}
    {%- endif %}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}

)

select
    told.feed_table,
    sensitive_code.code_group,
    count(distinct told.record_id) as records
from told
inner join {{ ref('sensitive_code') }} as sensitive_code
    on
        told.code_system = sensitive_code.code_system
        and sensitive_code.action = 'drop'
        and told.codes like '%;' || sensitive_code.code_prefix || case
            when told.code_system in ('{{ code_systems_by_prefix() | join("', '") }}') then '%' else ';%'
        end
group by told.feed_table, sensitive_code.code_group
