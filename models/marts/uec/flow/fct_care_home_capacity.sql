-- One row per care home, week and kind of bed: beds, vacancies, and those vacancies that somebody could move
-- into, because the home takes people (F 2.14).
select
    census_date,
    organisation_code,
    cqc_location_id,
    home_name,
    service_type_code,
    bed_kind_code,
    cast(beds as integer) as beds,
    cast(vacant_beds as integer) as vacant_beds,
    is_open_to_admissions,
    cast(vacant_beds_usable as integer) as vacant_beds_usable,
    cast(last_updated_at_local as date) as last_updated_date,
    cast(days_since_update as integer) as days_since_update,
    is_updated_within_7_days
from {{ ref('care_home_capacity') }}
