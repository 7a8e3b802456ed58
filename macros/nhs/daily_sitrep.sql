{#- General and acute: not intensive care, maternity, well babies, neonatal or mental health (F 2.7.2). Unknown counts as acute. -#}
{% macro is_general_and_acute(treatment_function_code) -%}
    coalesce({{ treatment_function_code }} not in ('192', '422', '424', '501', '560', '710', '711', '712', '713', '715'), true)
{%- endmacro %}


{#-
  A select for a CTE: how many records each item of a return counts, by site and day. counts: (item, CTE of records, its
  date column, condition).
-#}
{% macro counted_by_item(counts) -%}
    {%- for item, record, date, condition in counts %}
    select
        '{{ item }}' as item,
        site_code,
        {{ date }} as flow_date,
        count(*) as computed
    from {{ record }}
    where {{ condition }}
    group by site_code, {{ date }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
{%- endmacro %}


{#-
  The last select of such a model, from the CTEs `counted` and `reach` (record, site_code, first_day, last_day): every
  item on every ended day to which its records reach, 0 where nothing was counted.
-#}
{% macro items_in_reach(counts) -%}
select
    reach.site_code,
    calendar_day.date_day as flow_date,
    item.item,
    cast(coalesce(counted.computed, 0) as integer) as computed
from reach
inner join (
    {%- for item, record, date, condition in counts %}
    select '{{ item }}' as item, '{{ record }}' as record
    {{ 'union all' if not loop.last }}
    {%- endfor %}
) as item
    on reach.record = item.record
inner join {{ ref('calendar_day') }} as calendar_day
    on calendar_day.date_day between reach.first_day and reach.last_day
left join counted
    on
        item.item = counted.item
        and reach.site_code = counted.site_code
        and calendar_day.date_day = counted.flow_date
where calendar_day.date_day < {{ as_of_date() }}
{%- endmacro %}
