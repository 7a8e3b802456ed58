-- One row per hospital site.
select
    site_code,
    site_name,
    short_name,
    organisation_code,
    is_verified
from {{ ref('site') }}
