{#- C1 to C4, as response times are reported; C1T counts as C1. Health care professional calls, transfers and C5 are null (F 3.2). -#}
{% macro response_category(category_code) -%}
    case
        when {{ category_code }} in ('C1', 'C1T') then 'C1'
        when {{ category_code }} in ('C2', 'C3', 'C4') then {{ category_code }}
    end
{%- endmacro %}

{#-
  The earliest of: problem identified, first resource assigned, and 30 seconds (C1) or 240 seconds (C2 to C4) after the
  call connected (F 3.2). A stamp from before the call connected cannot be right and is not used.
-#}
{% macro response_clock_start(category, call_connect_at, problem_identified_at, first_resource_assigned_at) -%}
    case
        when {{ category }} is not null
            then least(
                case when {{ problem_identified_at }} >= {{ call_connect_at }} then {{ problem_identified_at }} end,
                case when {{ first_resource_assigned_at }} >= {{ call_connect_at }} then {{ first_resource_assigned_at }} end,
                {{ timestamp_add('second', "case when " ~ category ~ " = 'C1' then 30 else 240 end", call_connect_at) }}
            )
    end
{%- endmacro %}
