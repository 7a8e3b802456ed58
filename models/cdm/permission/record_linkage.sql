-- One row per feed table and way in which records found their person: how many did, and how many of them a
-- steward should look at (person_match_review). Names nobody.
with review as (

    select distinct
        feed_table,
        record_id
    from {{ ref('person_match_review') }}

)

select
    identity.feed_table,
    identity.match_method,
    cast(count(*) as bigint) as records,
    cast(count(review.record_id) as bigint) as review_records
from {{ ref('person_identity') }} as identity
left join review
    on
        identity.feed_table = review.feed_table
        and identity.record_id = review.record_id
group by identity.feed_table, identity.match_method
