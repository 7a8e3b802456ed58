-- Every current record of a feed is one row of the common data model, and every one of those is one row of its fact.
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
] %}
with counted as (

    {% for entity, feeds, fact in flows %}
        select
            '{{ entity }}' as entity,
            {% for feed in feeds %}(select count(*) from {{ ref(feed) }}){{ ' + ' if not loop.last }}{% endfor %} as staged,
            (select count(*) from {{ ref(entity) }}) as modelled,
            (select count(*) from {{ ref(fact) }}) as in_fact
        {{ 'union all' if not loop.last }}
    {% endfor %}

)

select *
from counted
where staged <> modelled or modelled <> in_fact
