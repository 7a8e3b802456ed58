-- Every current record of a feed is one row of the common data model, and every one of those is one row of
-- its fact.
{% set flows = [
    ('urgent_call', ['stg_ic24__calls'], 'fct_urgent_call'),
    ('ambulance_incident', ['stg_eeast__incidents'], 'fct_ambulance_incident'),
    ('ed_attendance', [
        'stg_mseft__southend_ed_attendances',
        'stg_mseft__basildon_ed_attendances',
        'stg_mseft__broomfield_ed_attendances',
    ], 'fct_ed_attendance'),
    ('hospital_spell', [
        'stg_mseft__southend_spells',
        'stg_mseft__basildon_spells',
        'stg_mseft__broomfield_spells',
    ], 'fct_hospital_spell'),
    ('bed_state', ['stg_mseft__bed_state'], 'fct_bed_state'),
    ('ward_stay', ['stg_mseft__ward_stays'], 'fct_ward_stay'),
    ('ward_bed_state', [
        'stg_eput__ward_beds', 'stg_nelft__ward_beds', 'stg_provide__ward_beds',
    ], 'fct_ward_bed_state'),
    ('inpatient_stay', [
        'stg_eput__inpatient_stays', 'stg_nelft__inpatient_stays', 'stg_provide__inpatient_stays',
    ], 'fct_inpatient_stay'),
] %}
with staged as (

    {% for entity, feeds, fact in flows %}
    {% set last_entity = loop.last %}
    {% for feed in feeds %}
    select '{{ entity }}' as entity
    from {{ ref(feed) }}
    {{ 'union all' if not (last_entity and loop.last) }}
    {% endfor %}
    {% endfor %}

),

modelled as (

    {% for entity, feeds, fact in flows %}
    select '{{ entity }}' as entity
    from {{ ref(entity) }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

in_fact as (

    {% for entity, feeds, fact in flows %}
    select '{{ entity }}' as entity
    from {{ ref(fact) }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

counted as (

    select
        entity,
        1 as staged,
        0 as modelled,
        0 as in_fact
    from staged
    union all
    select
        entity,
        0 as staged,
        1 as modelled,
        0 as in_fact
    from modelled
    union all
    select
        entity,
        0 as staged,
        0 as modelled,
        1 as in_fact
    from in_fact

)

select
    entity,
    sum(staged) as staged,
    sum(modelled) as modelled,
    sum(in_fact) as in_fact
from counted
group by entity
having sum(staged) <> sum(modelled) or sum(modelled) <> sum(in_fact)
