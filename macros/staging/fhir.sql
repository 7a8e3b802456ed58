{#- The id that a FHIR reference such as Patient/ab12 or https://server/Patient/ab12 ends with. -#}
{% macro fhir_reference(reference) -%}
    {{ regex_replace(reference, "^.*/") }}
{%- endmacro %}

{#- When a resource's content happened: never on the default day 1 January 1900, never after it was recorded. -#}
{% macro fhir_event_date(happened, recorded) -%}
    case
        when {{ happened }} > date '1900-01-01' and ({{ recorded }} is null or {{ happened }} <= {{ recorded }})
            then {{ happened }}
    end
{%- endmacro %}

{#- The concepts under which the two components of a blood pressure count. -#}
{% macro fhir_systolic() -%}72313002{%- endmacro %}
{% macro fhir_diastolic() -%}1091811000000102{%- endmacro %}
