{#-
  Settles candidate links (from_event_id, to_event_id, link_method, method_rank, distance_seconds, minutes_between) so
  that no event is linked twice: method first, then closeness, then ids. Each pass keeps the pairs that are the best for
  both sides and takes their events out; pairs that lost to them get another chance in the next pass.
-#}
{% macro one_to_one_links(link_type, candidates, passes=3) %}
    {%- for pass in range(1, passes + 1) %}
pass_{{ pass }} as (

    select
        from_event_id,
        to_event_id,
        link_method,
        minutes_between
    from (
        select
            candidate.*,
            row_number() over (
                partition by candidate.from_event_id
                order by candidate.method_rank, candidate.distance_seconds, candidate.to_event_id
            ) as rank_for_from,
            row_number() over (
                partition by candidate.to_event_id
                order by candidate.method_rank, candidate.distance_seconds, candidate.from_event_id
            ) as rank_for_to
        from {{ candidates }} as candidate
        {%- for earlier in range(1, pass) %}
        left join pass_{{ earlier }} as from_{{ earlier }} on candidate.from_event_id = from_{{ earlier }}.from_event_id
        left join pass_{{ earlier }} as to_{{ earlier }} on candidate.to_event_id = to_{{ earlier }}.to_event_id
        {%- endfor %}
        {%- for earlier in range(1, pass) %}
        {{ 'where' if loop.first else 'and' }} from_{{ earlier }}.from_event_id is null and to_{{ earlier }}.to_event_id is null
        {%- endfor %}
    ) as ranked
    where rank_for_from = 1 and rank_for_to = 1

){{ ',' if not loop.last }}
    {%- endfor %}
    {%- for pass in range(1, passes + 1) %}
{{ link_columns(link_type, 'pass_' ~ pass) }}
{{ 'union all' if not loop.last }}
    {%- endfor %}
{% endmacro %}

{#- Settles candidate links so that each event links forward to one event at most; several may lead to the same one. -#}
{% macro nearest_links(link_type, candidates) %}
nearest as (

    select *
    from (
        select
            candidate.*,
            row_number() over (
                partition by candidate.from_event_id
                order by candidate.method_rank, candidate.distance_seconds, candidate.to_event_id
            ) as rank_for_from
        from {{ candidates }} as candidate
    ) as ranked
    where rank_for_from = 1

)
{{ link_columns(link_type, 'nearest') }}
{% endmacro %}

{#- The columns of a candidate, from a pair with seconds_apart: null where a time is not known, which counts as closest. -#}
{% macro candidate_columns() -%}
from_event_id,
        to_event_id,
        link_method,
        method_rank,
        coalesce(abs(seconds_apart), 0) as distance_seconds,
        cast(floor(seconds_apart / 60.0) as integer) as minutes_between
{%- endmacro %}

{% macro link_columns(link_type, relation) -%}
select
    '{{ link_type }}' as link_type,
    from_event_id,
    to_event_id,
    link_method,
    minutes_between
from {{ relation }}
{%- endmacro %}
