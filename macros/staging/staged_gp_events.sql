{#- A blood pressure as one text: 142/88, with blanks as they come. -#}
{% macro gp_pressure_pattern() -%}^([0-9]{2,3}) */ *([0-9]{2,3})( *mm ?hg)?${%- endmacro %}
