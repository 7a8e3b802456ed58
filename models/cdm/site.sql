-- One row per hospital site in use.
select
    site_code,
    site_name,
    short_name,
    organisation_code,
    is_verified
from {{ ref('site_list') }}
