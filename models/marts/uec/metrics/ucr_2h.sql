{{ config(meta={'metric': {
    'id': 'UCR_2H',
    'label': 'Urgent community response within 2 hours',
    'unit': 'percent',
    'better': 'higher',
    'aggregate': 'ratio',
    'dataset': 'csds',
    'definition': 'Of adults who were referred to an urgent community response team because they needed help '
        ~ 'within two hours, the share whom somebody of the team visited in that time.',
    'source': 'F 3.10 UCR_2H',
    'choice': 'Exactly 120 minutes are within two hours. Outside the hours of the service (seed '
        ~ 'urgent_response_hours) the clock waits until it opens. Declined referrals, people who died before, '
        ~ 'and records without a time are left out. Day on which the clock starts. A referral has no '
        ~ 'diagnosis, so no split by COVID-19.',
}}) }}
-- One row per referral that can be measured.
select
    clock_start_date as event_date,
    organisation_code,
    cast(null as varchar) as site_code,
    cast(null as boolean) as is_covid,
    case when is_within_2_hours then 1 else 0 end as numerator,
    1 as denominator,
    {{ person_of_event() }}
from {{ ref('fct_urgent_response') }}
where exclusion is null
