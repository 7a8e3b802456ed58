-- One row per organisation that sends, commissions or appears in the data; a predecessor names its
-- successor.
select
    organisation.organisation_code,
    organisation.organisation_name,
    organisation.organisation_type,
    organisation.parent_organisation_code,
    successor.successor_code as successor_organisation_code,
    organisation.valid_from,
    organisation.valid_to,
    organisation.is_verified
from {{ ref('organisation_list') }} as organisation
left join {{ ref('organisation_successor') }} as successor
    on organisation.organisation_code = successor.predecessor_code
