{#- C1 to C4, as response times are reported; C1T counts as C1. Health care professional calls, transfers and C5 are null (F 3.2). -#}
{% macro response_category(category_code) -%}
    case
        when {{ category_code }} in ('C1', 'C1T') then 'C1'
        when {{ category_code }} in ('C2', 'C3', 'C4') then {{ category_code }}
    end
{%- endmacro %}

{#-
  The earliest of the events (problem identified, first resource assigned) and 30 seconds (C1) or 240 seconds (C2 to C4) after the
  call connected (F 3.2). A stamp from before the call connected cannot be right and is not used.
-#}
{% macro response_clock_start(category, call_connect_at, events) -%}
    case
        when {{ category }} is not null
            then least(
                {%- for event in events %}
                case when {{ event }} >= {{ call_connect_at }} then {{ event }} end,
                {%- endfor %}
                {{ timestamp_add('second', "case when " ~ category ~ " = 'C1' then 30 else 240 end", call_connect_at) }}
            )
    end
{%- endmacro %}
