-- One row per care home, census and kind of bed that the home has: beds, vacancies, and whether anybody
-- may take them (F 2.14).
with homes as (

    {{ stacked(['stg_essex__care_homes', 'stg_southend__care_homes', 'stg_thurrock__care_homes']) }}

),

kinds as (

    {% for kind in care_home_bed_kinds() %}
    select
        homes.*,
        '{{ kind }}' as bed_kind_code,
        -- A kind with vacancies has at least so many beds.
        coalesce(beds_{{ kind }}, vacant_{{ kind }}) as beds,
        case when vacant_{{ kind }} > beds_{{ kind }} then beds_{{ kind }} else vacant_{{ kind }} end
            as vacant_beds
    from homes
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

dated as (

    select
        kinds.*,
        coalesce(admission_status_code = 'open', false) as is_open_to_admissions,
        {{ days_between('cast(last_updated_at_local as date)', 'census_date') }} as days_to_census
    from kinds
    where beds > 0

)

select
    census_date,
    organisation_code,
    cqc_location_id,
    home_name,
    service_type_code,
    bed_kind_code,
    beds,
    vacant_beds,
    is_open_to_admissions,
    case when is_open_to_admissions then vacant_beds else 0 end as vacant_beds_usable,
    last_updated_at_local,
    {{ not_negative('days_to_census') }} as days_since_update,
    coalesce(days_to_census between 0 and 7, false) as is_updated_within_7_days
from dated
