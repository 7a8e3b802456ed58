-- One row per acute site, day and item of the daily situation report and the 08:00 bed state: the number that
-- patients' records give beside the number that the trust submitted (its newest return), and whether they are
-- near enough (uec_sitrep_item). A row too where only one of the two exists.
{% set items = {
    'daily_sitrep': [
        'ed_type_1_attendances', 'ed_type_1_over_4h', 'dta_waits_4_to_12h', 'dta_waits_12h',
        'ambulance_arrivals', 'handovers_15_to_30', 'handovers_30_to_60', 'handovers_over_60',
        'nctr_patients', 'discharges', 'discharges_by_1700', 'discharges_after_1700', 'not_discharged',
    ],
    'bed_state': [
        'ga_beds_occupied', 'ga_covid_occupied', 'adult_ga_beds_occupied', 'los_7_plus', 'los_14_plus', 'los_21_plus',
        'critical_care_beds_occupied',
    ],
} %}
{% set day = {'daily_sitrep': 'flow_date', 'bed_state': 'snapshot_date'} %}
with submitted as (

    {% for report, names in items.items() %}
    {% set last_report = loop.last %}
    {% for name in names %}
    select
        '{{ name }}' as item,
        site_code,
        {{ day[report] }} as flow_date,
        {{ name }} as submitted
    from {{ ref(report) }}
    where {{ name }} is not null
    {{ 'union all' if not (last_report and loop.last) }}
    {% endfor %}
    {% endfor %}

),

computed as (

    select
        item,
        site_code,
        flow_date,
        computed
    from {{ ref('computed_sitrep_item') }}
    union all
    select
        item,
        site_code,
        flow_date,
        computed
    from {{ ref('computed_bed_item') }}

),

paired as (

    select
        coalesce(computed.item, submitted.item) as item,
        coalesce(computed.site_code, submitted.site_code) as site_code,
        coalesce(computed.flow_date, submitted.flow_date) as flow_date,
        cast(computed.computed as integer) as computed,
        cast(submitted.submitted as integer) as submitted,
        cast(submitted.submitted - computed.computed as integer) as difference
    from computed
    full outer join submitted
        on
            computed.item = submitted.item
            and computed.site_code = submitted.site_code
            and computed.flow_date = submitted.flow_date

)

select
    site.organisation_code,
    paired.site_code,
    paired.flow_date,
    paired.item,
    item.item_label,
    item.report,
    paired.computed,
    paired.submitted,
    paired.difference,
    paired.computed is not null as is_computable,
    paired.submitted is not null as is_submitted,
    abs(paired.difference) <= greatest(item.tolerance_count, item.tolerance_share * paired.computed)
        as is_within_tolerance,
    item.why_it_may_differ
from paired
inner join {{ ref('uec_sitrep_item') }} as item
    on paired.item = item.item
inner join {{ ref('site') }} as site
    on paired.site_code = site.site_code
