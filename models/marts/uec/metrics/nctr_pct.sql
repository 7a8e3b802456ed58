{{ config(meta={'metric': {
    'id': 'NCTR_PCT',
    'label': 'In hospital without criteria to reside',
    'unit': 'percent',
    'better': 'lower',
    'aggregate': 'ratio',
    'dataset': 'discharge_sitrep',
    'headline': 'Leaving hospital',
    'definition': 'Patients who no longer need to be in hospital but are still there, for every hundred '
        ~ 'occupied adult general and acute beds.',
    'source': 'F 3.5 NCTR_PCT',
    'choice': 'Patients on the trust\'s list of the day, over the adult general and acute beds that the '
        ~ 'same site reported occupied at 08:00 of that day. Children on the list are counted too. A '
        ~ 'site with nobody on a list that names patients of another site counts as 0. Left out: a day '
        ~ 'on which the trust listed nobody at all or sent no list, and a site without the number of '
        ~ 'occupied beds. A longer period sums the days before dividing. Not split by COVID-19: the '
        ~ 'occupied beds are not.',
}}) }}
-- One row per site and day with a list.
select
    census_date as event_date,
    organisation_code,
    site_code,
    cast(null as boolean) as is_covid,
    nctr_patients as numerator,
    adult_ga_beds_occupied as denominator
from {{ ref('fct_discharge_list_day') }}
where adult_ga_beds_occupied is not null
