-- One row per record of any feed that speaks of a person: what it says of who the person is, as sent and as
-- it is compared. The raw material of the index (person_identity) and of the best record (cdm person).
-- Identifying, like the staging models it stacks. profile_id stands for everything that is compared, so that
-- records which say the same are compared once.
{{ rows_follow_key(['feed_table', 'record_id'], person_feed_keys()) }}
with stacked as (
    {% for feed in person_feeds() %}
    select
        feed_table,
        {{ feed.record_id }} as record_id,
        {{ feed.issuer_column or "'" ~ feed.issuer ~ "'" }} as issuer,
        {{ feed.observed_at }} as observed_at,
        nhs_number,
        nhs_number_status_code,
        {{ feed.local_id ~ ' as local_patient_id' if feed.local_id else 'local_patient_id' }},
        family_name,
        given_name,
        birth_date,
        sex_code,
        ethnic_category_code,
        postcode,
        {{ 'lsoa_code' if feed.is_gp_list else 'cast(null as ' ~ dbt.type_string() ~ ')' }} as lsoa_code,
        gp_practice_code,
        {{ feed.died_on or 'cast(null as date)' }} as died_on,
        {{ 'true' if feed.is_gp_list else 'false' }} as is_registration
    from {{ ref(feed.model) }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

keyed as (

    select
        stacked.*,
        {{ usable_nhs_number('nhs_number', 'nhs_number_status_code') }} as usable_nhs_number,
        {{ name_key('family_name') }} as any_family_name_key,
        {{ name_key('given_name') }} as any_given_name_key
    from stacked

),

compared as (

    select
        keyed.*,
        {{ known_name('any_family_name_key') }} as family_name_key,
        {{ known_name('any_given_name_key') }} as given_name_key,
        cast(birth_date as {{ dbt.type_string() }}) as birth_text,
        case when sex_code in ('1', '2') then sex_code end as compared_sex_code,
        -- no fixed abode is no address (F 1.5)
        case when postcode not like 'ZZ99%' then postcode end as compared_postcode
    from keyed

)

select
    feed_table,
    record_id,
    issuer,
    observed_at,
    nhs_number,
    nhs_number_status_code,
    local_patient_id,
    family_name,
    given_name,
    birth_date,
    sex_code,
    ethnic_category_code,
    postcode,
    lsoa_code,
    gp_practice_code,
    died_on,
    is_registration,
    usable_nhs_number,
    family_name_key,
    given_name_key,
    md5(
        coalesce(family_name_key, '')
        || '|' || coalesce(given_name_key, '')
        || '|' || coalesce(birth_text, '')
        || '|' || coalesce(compared_sex_code, '')
        || '|' || coalesce(compared_postcode, '')
        || '|' || coalesce(gp_practice_code, '')
    ) as profile_id
from compared
