-- One row per person known to any partner: the best of what is known. The current GP list speaks first;
-- after it, for each attribute, the most recent record of any feed that has it. Identifying: direct care
-- and linkage only.
{{ rows_follow_key('person_id', {
    'person_record': through_input('person_identity', {'feed_table': 'feed_table', 'record_id': 'record_id'}),
    'person_identity': 'person_id',
}) }}
with observations as (

    select
        person_identity.person_id,
        case when person_identity.match_method = 'nhs_number' then records.nhs_number end as nhs_number,
        records.family_name,
        records.given_name,
        records.birth_date,
        records.died_on,
        nullif(records.sex_code, 'X') as sex_code,
        case when records.ethnic_category_code not in ('Z', '99') then records.ethnic_category_code end
            as ethnic_category_code,
        records.postcode,
        records.lsoa_code,
        records.gp_practice_code,
        records.is_registration,
        case when records.is_registration then '1' else '0' end
        || records.observed_at || records.feed_table || records.record_id as sort_key
    from (
        select
            {{ usable_nhs_number('nhs_number', 'nhs_number_status_code') }} as nhs_number,
            feed_table,
            record_id,
            cast(observed_at as {{ dbt.type_string() }}) as observed_at,
            family_name,
            given_name,
            birth_date,
            died_on,
            sex_code,
            ethnic_category_code,
            postcode,
            lsoa_code,
            gp_practice_code,
            is_registration
        from {{ ref('person_record') }}
    ) as records
    inner join {{ ref('person_identity') }} as person_identity
        on
            records.feed_table = person_identity.feed_table
            and records.record_id = person_identity.record_id

),

best as (

    select
        person_id,
        {{ latest_value('nhs_number', 'sort_key') }} as nhs_number,
        {{ latest_value('family_name', 'sort_key') }} as family_name,
        {{ latest_value('given_name', 'sort_key') }} as given_name,
        {{ latest_value('birth_date', 'sort_key') }} as birth_date,
        {{ latest_value('died_on', 'sort_key') }} as died_on,
        coalesce({{ latest_value('sex_code', 'sort_key') }}, 'X') as sex_code,
        coalesce({{ latest_value('ethnic_category_code', 'sort_key') }}, '99') as ethnic_category_code,
        {{ latest_value('postcode', 'sort_key') }} as postcode,
        {{ latest_value('lsoa_code', 'sort_key') }} as lsoa_code,
        {{ latest_value('gp_practice_code', 'sort_key') }} as gp_practice_code,
        max(case when is_registration then 1 else 0 end) = 1 as is_registered
    from observations
    group by person_id

)

select
    best.person_id,
    best.nhs_number,
    best.family_name,
    best.given_name,
    best.birth_date,
    best.died_on,
    best.sex_code,
    best.ethnic_category_code,
    ethnic_category.group_code as ethnic_group,
    best.postcode,
    best.lsoa_code,
    best.gp_practice_code,
    best.is_registered
from best
left join {{ ref('code_value') }} as ethnic_category
    on
        best.ethnic_category_code = ethnic_category.code
        and ethnic_category.code_list = 'ethnic_category'
