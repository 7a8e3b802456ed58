-- One row per inpatient and day on the discharge list of an acute trust: the patient no longer met the
-- criteria to reside that morning (F 2.7.3). The list is kept as sent: a spell that the hub has not seen
-- yet, or a patient who had left, stays visible.
select
    staged.census_date,
    site.organisation_code,
    staged.site_code,
    staged.hospital_spell_id,
    -- The spell's own record knows the patient better than the list, which has no more than a number.
    coalesce(spell.person_id, person_identity.person_id) as person_id,
    staged.ward_code,
    least(coalesce(staged.no_criteria_since, staged.census_date), staged.census_date) as ready_date,
    staged.pathway_code,
    staged.delay_reason_code,
    staged.local_authority_code
from {{ ref('stg_mseft__no_criteria_to_reside') }} as staged
inner join {{ ref('site') }} as site
    on staged.site_code = site.site_code
left join {{ ref('hospital_spell') }} as spell
    on staged.hospital_spell_id = spell.hospital_spell_id
{{ left_join_person('staged', 'discharge_list_entry_id') }}
