{#-
  The facts that metric files may read, in order. dbt can not see what a model reads through files that it finds when
  it runs, so a model that renders metric files calls this first: naming the facts makes them its parents.
-#}
{% macro facts_of_metrics() -%}
    {%- set facts = [
        ref('fct_ambulance_incident'),
        ref('fct_bed_state'),
        ref('fct_ed_attendance'),
        ref('fct_hospital_spell'),
        ref('fct_urgent_call'),
        ref('fct_urgent_care_link'),
    ] -%}
    -- Made from {{ facts | length }} facts
{%- endmacro %}
