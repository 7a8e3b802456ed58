-- One row per feed table that is about people, and one for ALL: how its records found their person, and how
-- many a steward should look at. Names nobody.
with told as (

    select * from {{ ref('record_linkage') }}
    union all
    select
        'ALL' as feed_table,
        match_method,
        records,
        review_records
    from {{ ref('record_linkage') }}

)

select
    feed_table,
    cast(sum(records) as bigint) as records,
    {%- for method in ['nhs_number', 'local_patient_id', 'probabilistic', 'unmatched'] %}
    cast(sum(case when match_method = '{{ method }}' then records else 0 end) as bigint)
        as {{ method }}_records,
    {%- endfor %}
    cast(sum(review_records) as bigint) as review_records
from told
group by feed_table
