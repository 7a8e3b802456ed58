-- One row per organisation that sends, commissions or appears in the data.
select
    organisation_code,
    organisation_name,
    organisation_type,
    parent_organisation_code,
    successor_organisation_code,
    valid_from,
    valid_to,
    is_verified
from {{ ref('organisation') }}
