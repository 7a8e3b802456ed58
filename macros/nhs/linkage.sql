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

{#-
  The whole query of links from a stay in a bed to the request for a package of care made because of it (F 9.2): the same
  person, asked for from the day of admission to three days after discharge. A request that was first stated from such a
  bed (`places`) comes before one that was first stated from elsewhere out of hospital; then closeness to the days between
  being ready and leaving. A request first stated from a bed of another kind belongs there.
-#}
{% macro links_to_packages(link_type, bed, bed_id, admitted, ready, left, places) %}
{%- set first_day = 'coalesce(bed.' ~ ready ~ ', bed.' ~ left ~ ', request.requested_on)' -%}
{%- set last_day = 'coalesce(bed.' ~ left ~ ', request.requested_on)' -%}
with pairs as (

    select
        bed.{{ bed_id }} as from_event_id,
        request.care_package_request_id as to_event_id,
        case when place.group_code = 'hospital' then 'person_and_place' else 'person' end as link_method,
        case when place.group_code = 'hospital' then 1 else 2 end as method_rank,
        86400 * case
            when request.requested_on > {{ last_day }} then {{ days_between(last_day, 'request.requested_on') }}
            when request.requested_on < {{ first_day }} then {{ days_between(first_day, 'request.requested_on') }}
            else 0
        end as seconds_apart
    from {{ ref(bed) }} as bed
    inner join {{ ref('care_package_request') }} as request
        on
            bed.person_id = request.person_id
            and request.requested_on >= bed.{{ admitted }}
            and (bed.{{ left }} is null or request.requested_on <= {{ days_add(3, 'bed.' ~ left) }})
    {{ left_join_code('waiting_place', 'request.first_location_code', 'place') }}
    where
        coalesce(place.group_code, 'unknown') <> 'hospital'
        or request.first_location_code in ('{{ places | join("', '") }}')

),

candidates as (

    select
        {{ candidate_columns() }}
    from pairs

),

{{ one_to_one_links(link_type, 'candidates') }}
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
