{#-
  The facts that metric files may read, in order. dbt can not see what a model reads through files that it finds when
  it runs, so a model that renders metric files calls this first: naming the facts makes them its parents.
-#}
{% macro facts_of_metrics() -%}
    {%- set facts = [
        ref('dim_date'),
        ref('fct_ambulance_incident'),
        ref('fct_bed_state'),
        ref('fct_care_home_capacity'),
        ref('fct_care_package_census'),
        ref('fct_delayed_patient_day'),
        ref('fct_discharge_list_day'),
        ref('fct_ed_attendance'),
        ref('fct_hospital_spell'),
        ref('fct_inpatient_stay'),
        ref('fct_mental_health_follow_up'),
        ref('fct_urgent_call'),
        ref('fct_urgent_care_link'),
        ref('fct_urgent_response'),
        ref('fct_ward_bed_state'),
    ] -%}
    -- Made from {{ facts | length }} facts
{%- endmacro %}
