{{ config(meta={'metric': {
    'id': 'DELAY_BY_REASON',
    'label': 'Ready to leave after 7 nights or more',
    'unit': 'people',
    'better': 'lower',
    'aggregate': 'daily_average',
    'dataset': 'discharge_sitrep',
    'headline': 'Leaving hospital',
    'category': 'Reason for delay',
    'system': true,
    'definition': 'How many people who had been in hospital for a week or more were ready to leave and still '
        ~ 'in a bed, on an average day, by what they waited for.',
    'source': 'F 3.5 DELAY_BY_REASON',
    'no_target': 'No standard is set by reason; the trend is watched (F 3.5).',
    'choice': 'Acute, community and mental-health beds. 7 nights or more from admission to the day; a stay '
        ~ 'of unknown length is left out. Acute: on the trust\'s list of the day. Others: every day from '
        ~ 'the day of being ready to the day before discharge, up to the day before the provider last '
        ~ 'told of its wards. Where no reason is given the reason is unknown. Days that count: for each acute site that was ever listed, all days on which the '
        ~ 'trust listed anybody; for a site of another provider, all days on which somebody lay in one '
        ~ 'of its beds overnight. COVID-19: from the hospital spell; other beds are in neither group.',
}}) }}
-- One row per delayed patient and day, and a 0 for each place and day that could have had some.
select
    census_date as event_date,
    organisation_code,
    site_code,
    is_covid,
    coalesce(delay_reason_code, 'unknown') as category,
    1 as numerator,
    1 as denominator
from {{ ref('fct_delayed_patient_day') }}
where
    length_of_stay_days >= 7
    and is_day_over
union all
select
    listed.census_date as event_date,
    listed.organisation_code,
    acute_site.site_code,
    cast(null as boolean) as is_covid,
    cast(null as varchar) as category,
    0 as numerator,
    0 as denominator
from (
    select
        organisation_code,
        census_date
    from {{ ref('fct_delayed_patient_day') }}
    where setting = 'acute'
    group by organisation_code, census_date
) as listed
inner join (
    select
        organisation_code,
        site_code
    from {{ ref('fct_delayed_patient_day') }}
    where setting = 'acute'
    group by organisation_code, site_code
) as acute_site
    on listed.organisation_code = acute_site.organisation_code
union all
select
    dim_date.date_day as event_date,
    stay.organisation_code,
    stay.site_code,
    cast(null as boolean) as is_covid,
    cast(null as varchar) as category,
    0 as numerator,
    0 as denominator
from {{ ref('fct_inpatient_stay') }} as stay
inner join {{ ref('dim_date') }} as dim_date
    on
        stay.admission_date <= dim_date.date_day
        and coalesce(stay.discharge_date, date '9999-12-31') > dim_date.date_day
where dim_date.date_day <= stay.known_until_date
group by dim_date.date_day, stay.organisation_code, stay.site_code
