{#-
  Who the patient is, in the same columns for every feed: null where the feed does not carry one. Expects the cleaned
  number in _nhs_number. An invalid NHS number and a dummy practice (V81997 to V81999) say nothing and become null.
-#}
{% macro patient_columns(partner, table) %}
    {%- set contract = feed_contract(partner, table) -%}
    {%- set sent = contract.columns if contract else {} -%}
    {%- set columns = {
        'nhs_number': 'case when ' ~ nhs_number_is_valid('_nhs_number') ~ ' then _nhs_number end',
        'nhs_number_status_code': 'nhs_number_status_code',
        'local_patient_id': 'upper(local_patient_id)',
        'family_name': 'family_name',
        'given_name': 'given_name',
        'birth_date': birth_date_clean('birth_date', '_received_at'),
        'sex_code': standard_code(partner, table, 'sex_code') if 'sex_code' in sent,
        'ethnic_category_code': standard_code(partner, table, 'ethnic_category_code') if 'ethnic_category_code' in sent,
        'postcode': postcode_clean('postcode'),
        'gp_practice_code': gp_practice_clean('gp_practice_code'),
    } -%}
    {%- for column, expression in columns.items() -%}
        {%- set missing = 'cast(null as ' ~ ('date' if column == 'birth_date' else dbt.type_string()) ~ ')' -%}
        {{ expression if column in sent else missing }} as {{ column }}
        {{- ',\n    ' if not loop.last }}
    {%- endfor -%}
{% endmacro %}

{#- Current records with the NHS number cleaned, where the feed carries one, so that its check digit is worked out once. -#}
{% macro current_patients(partner, table) -%}
    {%- set contract = feed_contract(partner, table) -%}
    select
        records.*
        {%- if contract is none or 'nhs_number' in contract.columns %},
        {{ nhs_number_clean('records.nhs_number') }} as _nhs_number
        {%- endif %}
    from (
        {{ current_records(partner, table) }}
    ) as records
{%- endmacro %}

{#- The one site of a feed that comes from a single hospital: the only standard code of its site column. -#}
{% macro site_of_feed(partner, table) %}
    {%- set contract = feed_contract(partner, table) -%}
    {%- if contract is not none -%}
        {%- set sites = contract.columns.site_code.codes.values() | unique | list -%}
        {%- if sites | length != 1 -%}
            {{ exceptions.raise_compiler_error(partner ~ "." ~ table ~ " is not the feed of one site: " ~ sites | join(', ')) }}
        {%- endif -%}
        {%- do return(sites[0]) -%}
    {%- endif -%}
{% endmacro %}
