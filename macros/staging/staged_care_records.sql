{#-
  The records of a feed that is sent month by month, as a query: contract columns and lineage columns. A month may be
  submitted again (`submission`: provisional then final, or EFFECTIVE FROM); only the newest submission of a month counts,
  as a whole, so what it leaves out is withdrawn (F 2.10, 2.11). A record that is in several months is as its newest month
  says. A feed that holds each record once, because it is read from a database, has its current records.
-#}
{% macro submitted_records(partner, table) %}
    {%- set contract = feed_contract(partner, table) -%}
    {%- if contract is none or 'submission' not in contract.columns -%}
        {{ current_records(partner, table) }}
    {%- else -%}
        {%- set columns = (contract.columns.keys() | list) + ['_batch_id', '_received_at', '_file_name', '_row_number'] -%}
        {%- set submission = 'feed.submission' if contract.columns.submission.data_type == 'timestamp' else standard_code(partner, table, 'submission') | replace('case submission', 'case feed.submission') -%}
        {%- set record = contract.key | last -%}
    select
        {{ columns | join(',\n        ') }}
    from (
        select
            feed.*,
            row_number() over (
                partition by feed.{{ record }}
                order by feed.reporting_month desc, feed._row_number desc
            ) as _version
        from {{ source(partner, table) }} as feed
        inner join (
            select
                reporting_month,
                submission,
                _batch_id
            from (
                select
                    feed.reporting_month,
                    feed.submission,
                    feed._batch_id,
                    row_number() over (
                        partition by feed.reporting_month
                        order by
                            {{ submission }} desc,
                            max(feed._received_at) desc,
                            max(feed._file_name) desc,
                            feed._batch_id desc
                    ) as recency
                from {{ source(partner, table) }} as feed
                group by feed.reporting_month, feed.submission, feed._batch_id
            ) as submissions
            where recency = 1
        ) as live
            on
                feed.reporting_month = live.reporting_month
                and feed.submission = live.submission
                and feed._batch_id = live._batch_id
        where feed.{{ record }} is not null
    ) as versions
    where _version = 1
    {%- endif -%}
{% endmacro %}

{#-
  A day and a time column that was sent beside it, as a moment of the local clock. Some systems write the time as a moment
  of 1 January 1970, and midnight of that day where no time was recorded (F 2.10); databases give the moment itself.
-#}
{% macro care_moment(day, time, kind) -%}
    {%- if kind == 'time' -%}
        {{ date_and_time(day, time) }}
    {%- else -%}
        case
            when {{ time }} <> timestamp '1970-01-01 00:00:00'
                then {{ timestamp_add('second', seconds_between("cast(cast(" ~ time ~ " as date) as timestamp)", time), 'cast(' ~ day ~ ' as timestamp)') }}
        end
    {%- endif -%}
{%- endmacro %}

{#- How a contract types its time column; `time` while dbt parses. -#}
{% macro type_of_column(partner, table, column) %}
    {%- set contract = feed_contract(partner, table) -%}
    {%- do return(contract.columns[column].data_type if contract is not none else 'time') -%}
{% endmacro %}

{#- The staging query of one provider's referrals in one setting, mental_health or community. -#}
{% macro staged_care_referrals(partner, table, setting) %}
    {%- set organisation = organisation_of_feed(partner, table) -%}
    {%- set short = {'mental_health': 'mh', 'community': 'cs'}[setting] -%}
with records as (

    select
        submitted.*,
        {{ nhs_number_clean('submitted.nhs_number') }} as _nhs_number
    from (
        {{ submitted_records(partner, table) }}
    ) as submitted

),

timed as (

    select
        records.*,
        {{ care_moment('received_on', 'received_time', type_of_column(partner, table, 'received_time')) }} as _received_moment
    from records

)

select
    '{{ table }}' as feed_table,
    '{{ organisation }}' as organisation_code,
    '{{ setting }}' as setting,
    '{{ organisation }}:{{ short }}:' || referral_id as care_referral_id,
    {{ patient_columns(partner, table) }},
    {{ standard_code(partner, table, 'service_type_code') }} as service_type_code,
    {{ standard_code(partner, table, 'source_of_referral_code') }} as source_of_referral_code,
    {{ standard_code(partner, table, 'priority_code') }} as priority_code,
    {{ standard_code(partner, table, 'reason_code') }} as reason_code,
    coalesce(_received_moment, cast(received_on as timestamp)) as received_at_local,
    _received_moment is not null as has_received_time,
    rejected_on,
    closed_on,
    {{ standard_code(partner, table, 'close_reason_code') }} as close_reason_code,
    _batch_id as batch_id,
    _received_at as received_at
from timed
{% endmacro %}

{#- The staging query of one provider's contacts in one setting. -#}
{% macro staged_care_contacts(partner, table, setting) %}
    {%- set organisation = organisation_of_feed(partner, table) -%}
    {%- set short = {'mental_health': 'mh', 'community': 'cs'}[setting] -%}
with records as (

    {{ submitted_records(partner, table) }}

),

timed as (

    select
        records.*,
        {{ care_moment('contact_on', 'contact_time', type_of_column(partner, table, 'contact_time')) }} as _contact_moment
    from records

)

select
    '{{ table }}' as feed_table,
    '{{ organisation }}' as organisation_code,
    '{{ setting }}' as setting,
    '{{ organisation }}:{{ short }}:' || contact_id as care_contact_id,
    '{{ organisation }}:{{ short }}:' || referral_id as care_referral_id,
    upper(local_patient_id) as local_patient_id,
    coalesce(_contact_moment, cast(contact_on as timestamp)) as contact_at_local,
    _contact_moment is not null as has_contact_time,
    {{ standard_code(partner, table, 'attendance_code') }} as attendance_code,
    {{ standard_code(partner, table, 'mechanism_code') }} as mechanism_code,
    location_type_code,
    duration_minutes,
    _batch_id as batch_id,
    _received_at as received_at
from timed
{% endmacro %}
