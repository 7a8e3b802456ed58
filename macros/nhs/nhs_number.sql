{#- Digits only: spaces and hyphens are how people write it, not part of it. -#}
{% macro nhs_number_clean(value) -%}
    nullif({{ regex_replace(value, '[ -]') }}, '')
{%- endmacro %}

{#- Modulus 11 (F 5.1). Remainder 1 asks for check digit 10, which no digit equals, so such numbers fail. Null is false. -#}
{% macro nhs_number_is_valid(value) -%}
    case
        when {{ value }} is null or not {{ regex_full_match(value, '[0-9]{10}') }} then false
        when {{ value }} = repeat(substr({{ value }}, 1, 1), 10) then false
        else
            mod(
                11 - mod(
                    {%- for position in range(1, 10) %}
                    {{ 11 - position }} * cast(substr({{ value }}, {{ position }}, 1) as integer){{ ' +' if not loop.last }}
                    {%- endfor %},
                    11
                ),
                11
            ) = cast(substr({{ value }}, 10, 1) as integer)
    end
{%- endmacro %}

{#- The number where it may be used for linkage: it is valid, and its status is unknown, 01, 02 or 03 (F 2.0). -#}
{% macro usable_nhs_number(nhs_number, status_code) -%}
    case
        when coalesce({{ status_code }}, '01') in ('01', '02', '03') then {{ nhs_number }}
    end
{%- endmacro %}
