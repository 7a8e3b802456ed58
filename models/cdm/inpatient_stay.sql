-- One row per stay in a community or mental-health bed, whoever runs it (F 2.7.3, 2.15). Length of stay is
-- in nights; a ready date outside the stay is a mistake and says nothing.
with stays as (

    select
        staged.*,
        person_identity.person_id,
        {{ days_between('staged.admitted_on', 'staged.discharged_on') }} as nights,
        coalesce(staged.ready_on >= staged.admitted_on, false)
        and coalesce(staged.ready_on <= staged.discharged_on, true) as is_ready_within_stay
    from (
        {{ stacked([
            'stg_eput__inpatient_stays',
            'stg_nelft__inpatient_stays',
            'stg_provide__inpatient_stays'
        ]) }}
    ) as staged
    {{ left_join_person('staged', 'inpatient_stay_id') }}

),

-- The stay's record names the ward, the bed state where the ward is; wards move, so the newest counts.
ward as (

    select
        organisation_code,
        ward_code,
        {{ latest_value('site_code', 'snapshot_date') }} as site_code
    from {{ ref('ward_bed_state') }}
    group by organisation_code, ward_code

),

told_until as (

    -- A stay is known up to the day before its provider last told of its wards or stays.
    select
        organisation_code,
        {{ days_add(-1, 'max(cast(received_at as date))') }} as known_until_date
    from (
        {%- for table in ['ward_beds', 'inpatient_stays'] %}
        {%- for partner in ['eput', 'nelft', 'provide'] %}
        select
            organisation_code,
            received_at
        from {{ ref('stg_' ~ partner ~ '__' ~ table) }}
        {{ 'union all' if not loop.last }}
        {%- endfor %}
        {{ 'union all' if not loop.last }}
        {%- endfor %}
    ) as told
    group by organisation_code

)

select
    stays.inpatient_stay_id,
    stays.organisation_code,
    ward.site_code,
    stays.person_id,
    {{ age_years('stays.birth_date', 'stays.admitted_on') }} as age_years,
    stays.sex_code,
    stays.ward_code,
    stays.bed_type_code,
    bed_type.group_code as bed_setting,
    stays.admitted_on,
    stays.admission_source_code,
    coalesce(successor.successor_code, stays.referring_site_code) as referring_site_code,
    case when stays.is_ready_within_stay then stays.ready_on end as ready_on,
    stays.pathway_code,
    stays.delay_reason_code,
    stays.local_authority_code,
    stays.discharged_on,
    stays.discharge_destination_code,
    {{ not_negative('stays.nights') }} as length_of_stay_days,
    stays.discharged_on is null as is_open,
    told_until.known_until_date,
    stays.feed_table
from stays
inner join told_until
    on stays.organisation_code = told_until.organisation_code
left join ward
    on
        stays.organisation_code = ward.organisation_code
        and stays.ward_code = ward.ward_code
left join {{ ref('organisation_successor') }} as successor
    on
        stays.referring_site_code = successor.predecessor_code
        and stays.admitted_on >= successor.effective_date
{{ left_join_code('bed_type', 'stays.bed_type_code', 'bed_type') }}
