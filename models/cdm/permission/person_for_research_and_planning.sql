-- One row per person whose record may be used beyond direct care: no opt-out in force (F 5.3).
select person.person_id
from {{ ref('person') }} as person
where
    person.person_id not in (
        select opt_out.person_id from {{ ref('opt_out') }} as opt_out where opt_out.person_id is not null
    )
