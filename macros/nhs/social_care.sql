{#- True for a service that goes on beyond the last month that tells of it, though later months were told (F 2.13.3). -#}
{% macro is_cropped() -%}
    (
        ranked.event_type = 'service'
        and ranked.told_until < last_told.last_month_end
        and coalesce(ranked.end_date > ranked.told_until, true)
    )
{%- endmacro %}

{#-
  Pounds a week: the frequency is trusted over the units; a unit of an hour, a day or a session is taken as often as it is
  planned. Null for what is paid once, and where the cost, or how often, is not known (F 2.13.3).
-#}
{% macro weekly_cost(unit_cost, frequency, units_per_week) -%}
    case
        when {{ frequency }} = 'Weekly' then {{ unit_cost }}
        when {{ frequency }} = 'Fortnightly' then {{ unit_cost }} / 2.0
        when {{ frequency }} = '4-weekly' then {{ unit_cost }} / 4.0
        when {{ frequency }} = 'Monthly' then {{ unit_cost }} * 12.0 / 52.0
        when {{ frequency }} = 'Quarterly' then {{ unit_cost }} * 4.0 / 52.0
        when {{ frequency }} = 'Annually' then {{ unit_cost }} / 52.0
        when {{ frequency }} in ('Hourly', 'Daily', 'Session') then {{ unit_cost }} * {{ units_per_week }}
    end
{%- endmacro %}
