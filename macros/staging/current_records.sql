{#-
  The records of a feed that count today, as a query: contract columns and lineage columns. Key, mode and deletion mark
  come from the contract.
  upsert: the newest version of each key (received last, then file name, then row), unless that version is a deletion.
  Of a feed that is read from a database, the version that was changed last there: an extract may be taken in late.
  snapshot: the newest file replaces all before it, so only its records, and the last row of a repeated key.
  A record without a complete key cannot be told from another and is left out.
-#}
{% macro current_records(partner, table) %}
    {%- set contract = feed_contract(partner, table) -%}
    {%- if contract is none -%}
        select * from {{ source(partner, table) }}
    {%- else -%}
        {%- set columns = (contract.columns.keys() | list) + ['_batch_id', '_received_at', '_file_name', '_row_number'] -%}
    select
        {{ columns | join(',\n        ') }}
    from (
        select
            feed.*,
            row_number() over (
                partition by {% for column in contract.key %}feed.{{ column }}{{ ', ' if not loop.last }}{% endfor %}
                order by {% if contract.get('watermark') %}feed.{{ contract.watermark }} desc, {% endif %}feed._received_at desc, feed._file_name desc, feed._row_number desc
            ) as _version
        from {{ source(partner, table) }} as feed
        {%- if contract.mode == 'snapshot' %}
        inner join ({{ newest_batch(partner, table) }}) as newest on feed._batch_id = newest._batch_id
        {%- endif %}
        where {% for column in contract.key %}feed.{{ column }} is not null{{ ' and ' if not loop.last }}{% endfor %}
    ) as versions
    where
        _version = 1
        {%- if contract.deleted_when %}
        and not coalesce({{ contract.deleted_when }}, false)
        {%- endif %}
    {%- endif -%}
{% endmacro %}

{% macro newest_batch(partner, table) -%}
    select _batch_id from (
        select
            _batch_id,
            row_number() over (order by max(_received_at) desc, max(_file_name) desc, _batch_id desc) as recency
        from {{ source(partner, table) }}
        group by _batch_id
    ) as batches
    where recency = 1
{%- endmacro %}
