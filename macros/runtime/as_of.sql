{#-
  The moment that this build describes: local clock, one value per run. The only clock that a model may use (design 4.1),
  and only where the hour matters: what reads it is made again with every file that lands.
-#}
{% macro as_of() -%}
    (select as_of from {{ source('hub', 'run_context') }})
{%- endmacro %}


{#- The day of that moment. What reads it is made again once a day, and when its other inputs change. -#}
{% macro as_of_date() -%}
    (select as_of_date from {{ source('hub', 'run_day') }})
{%- endmacro %}
