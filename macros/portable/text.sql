{#- True where the whole value matches; null for null. -#}
{% macro regex_full_match(value, pattern) -%}
    {{ return(adapter.dispatch('regex_full_match', 'bihub')(value, pattern)) }}
{%- endmacro %}

{% macro default__regex_full_match(value, pattern) -%}
    ({{ value }} rlike '^(?:{{ pattern | replace('\\', '\\\\') }})$')
{%- endmacro %}

{% macro duckdb__regex_full_match(value, pattern) -%}
    regexp_full_match({{ value }}, '{{ pattern }}')
{%- endmacro %}

{#- The group of the first match, null where nothing matches. -#}
{% macro regex_extract(value, pattern, group=0) -%}
    {{ return(adapter.dispatch('regex_extract', 'bihub')(value, pattern, group)) }}
{%- endmacro %}

{% macro default__regex_extract(value, pattern, group) -%}
    nullif(regexp_extract({{ value }}, '{{ pattern | replace('\\', '\\\\') }}', {{ group }}), '')
{%- endmacro %}

{% macro duckdb__regex_extract(value, pattern, group) -%}
    nullif(regexp_extract({{ value }}, '{{ pattern }}', {{ group }}), '')
{%- endmacro %}

{#- Every match replaced. `replacement` is a plain text without groups. -#}
{% macro regex_replace(value, pattern, replacement='') -%}
    {{ return(adapter.dispatch('regex_replace', 'bihub')(value, pattern, replacement)) }}
{%- endmacro %}

{% macro default__regex_replace(value, pattern, replacement) -%}
    regexp_replace({{ value }}, '{{ pattern | replace('\\', '\\\\') }}', '{{ replacement }}')
{%- endmacro %}

{% macro duckdb__regex_replace(value, pattern, replacement) -%}
    regexp_replace({{ value }}, '{{ pattern }}', '{{ replacement }}', 'g')
{%- endmacro %}

{#- Every match replaced by what its first group caught. -#}
{% macro regex_keep_group(value, pattern) -%}
    {{ return(adapter.dispatch('regex_keep_group', 'bihub')(value, pattern)) }}
{%- endmacro %}

{% macro default__regex_keep_group(value, pattern) -%}
    regexp_replace({{ value }}, '{{ pattern | replace('\\', '\\\\') }}', '$1')
{%- endmacro %}

{% macro duckdb__regex_keep_group(value, pattern) -%}
    regexp_replace({{ value }}, '{{ pattern }}', '\1', 'g')
{%- endmacro %}

{% macro try_cast(value, type) -%}
    {{ return(adapter.dispatch('try_cast', 'bihub')(value, type)) }}
{%- endmacro %}

{% macro default__try_cast(value, type) -%}
    try_cast({{ value }} as {{ 'string' if type == 'varchar' else type }})
{%- endmacro %}

{#- Whether a value is one of a list of texts; null for null. DuckDB looks a list up faster than it compares one by one. -#}
{% macro is_one_of(value, texts) -%}
    {{ return(adapter.dispatch('is_one_of', 'bihub')(value, texts)) }}
{%- endmacro %}

{% macro default__is_one_of(value, texts) -%}
    {{ value }} in ('{{ texts | map('string') | map('replace', "'", "''") | join("', '") }}')
{%- endmacro %}

{% macro duckdb__is_one_of(value, texts) -%}
    list_contains(['{{ texts | map('string') | map('replace', "'", "''") | join("', '") }}'], {{ value }})
{%- endmacro %}

{#- How many letters have to be changed, added or left out to make one text of the other (Levenshtein). Spark and DuckDB agree. -#}
{% macro edit_distance(one, other) -%}
    levenshtein({{ one }}, {{ other }})
{%- endmacro %}

{#- In a select: one row for each part of a list of texts. -#}
{% macro each_part(texts, separator=';') -%}
    {{ return(adapter.dispatch('each_part', 'bihub')(texts, separator)) }}
{%- endmacro %}

{% macro default__each_part(texts, separator) -%}
    explode(split({{ texts }}, '{{ separator }}'))
{%- endmacro %}

{% macro duckdb__each_part(texts, separator) -%}
    unnest(string_split({{ texts }}, '{{ separator }}'))
{%- endmacro %}
