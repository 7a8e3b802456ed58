-- One row per person whose record may be used beyond direct care: no opt-out in force (F 5.3). Nobody, while
-- no answer of the national check service has come: without it the hub cannot know who opted out.
select person.person_id
from {{ ref('person') }} as person
left join (
    select opted_out.person_id
    from {{ ref('opt_out') }} as opted_out
    group by opted_out.person_id
) as opt_out
    on person.person_id = opt_out.person_id
where
    opt_out.person_id is null
    and exists (select 1 from {{ ref('stg_nhs_england__national_opt_outs') }})
