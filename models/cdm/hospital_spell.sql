-- One row per hospital provider spell at any of the three hospitals, in one shape (F 2.2). Length of stay
-- is in nights; an open spell has none here, because it depends on the day one looks.
{%- set feeds = [
    'stg_mseft__broomfield_spells',
    'stg_mseft__southend_spells',
    'stg_mseft__basildon_spells',
] %}
{{ rows_follow_key('hospital_spell_id', inputs_named(
    feeds, 'hospital_spell_id', {'person_identity': 'record_id'}
)) }}
with spells as (

    select
        staged.*,
        person_identity.person_id,
        {{ local_to_utc('staged.admitted_at_local') }} as admitted_at
    from (
        {{ stacked(feeds) }}
    ) as staged
    {{ left_join_person('staged', 'hospital_spell_id') }}

),

timed as (

    select
        spells.*,
        {{ local_to_utc('discharged_at_local', not_before='admitted_at') }} as discharged_at,
        {{ days_between('admission_date', 'discharge_date') }} as nights
    from spells

)

select
    timed.hospital_spell_id,
    'RAJ' as organisation_code,
    timed.site_code,
    timed.person_id,
    {{ age_years('timed.birth_date', 'timed.admission_date') }} as age_years,
    timed.sex_code,
    timed.admitted_at,
    timed.admitted_at_local,
    timed.has_admission_time,
    timed.admission_date,
    timed.discharged_at,
    timed.discharged_at_local,
    timed.discharge_date,
    timed.admission_method_code,
    coalesce(method.group_code, 'unknown') as admission_group,
    timed.admission_source_code,
    timed.patient_classification_code,
    timed.discharge_method_code,
    timed.discharge_destination_code,
    timed.discharge_ready_date,
    {{ without_sensitive('treatment_function', 'timed.treatment_function_code') }} as treatment_function_code,
    {{ without_sensitive('icd10', 'timed.primary_diagnosis_code') }} as primary_diagnosis_code,
    {{ list_without_sensitive('icd10', 'timed.secondary_diagnosis_codes') }} as secondary_diagnosis_codes,
    case when timed.nights between 0 and 1000 then timed.nights end as length_of_stay_days,
    timed.discharge_date is null as is_open,
    coalesce(timed.primary_diagnosis_code = 'U071', false)
    or {{ icd10_list_has('timed.secondary_diagnosis_codes', 'U071') }} as has_covid,
    coalesce(timed.primary_diagnosis_code = 'U071', false) as is_primary_covid,
    timed.source_ed_attendance_id,
    timed.feed_table
from timed
{{ left_join_code('admission_method', 'timed.admission_method_code', 'method') }}
