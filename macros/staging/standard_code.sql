{#-
  The standard code for what a partner sent: through the contract's `codes`, else the value itself where the contract
  accepts it. A code that the contract does not know becomes null; ingestion has counted it.
-#}
{% macro standard_code(partner, table, column) %}
    {%- set contract = feed_contract(partner, table) -%}
    {%- if contract is none -%}
        {{ column }}
    {%- else -%}
        {%- set rule = contract.columns[column] -%}
        {%- if rule.codes -%}
        case {{ column }}
            {%- for local, standard in rule.codes.items() %}
            when '{{ local | replace("'", "''") }}' then '{{ standard }}'
            {%- endfor %}
        end
        {%- elif rule.accepted -%}
        case when {{ column }} in ('{{ rule.accepted | join("', '") }}') then {{ column }} end
        {%- else -%}
            {{ exceptions.raise_compiler_error(partner ~ "." ~ table ~ "." ~ column ~ " has neither codes nor accepted values in its contract") }}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}
