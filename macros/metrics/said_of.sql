{#-
  What metrics of one family say alike in their `choice`, so that it is said once. In a metric file:
  'choice': 'Exactly 4:00 is not over. ' ~ said_of('ed_stay'). Plain text: it is read when dbt parses.
-#}
{% macro said_of(family) -%}
    {%- set covid_by_attendance = 'COVID-19: as the ED attendance that the incident is linked to; an incident that is linked to none counts as without.' -%}
    {%- set ed_counted = 'Planned follow-ups, patients brought in dead and patients streamed away to an urgent treatment centre or another emergency department are not counted.' -%}
    {%- set ed = 'Date of arrival, not of departure. ' ~ ed_counted ~ ' COVID-19: recorded at the attendance or in the hospital spell that followed.' -%}
    {%- set said = {
        'incident': 'Date of the call connecting. All incidents (A7) are hear and treat, see and treat, and conveyed anywhere; test, cancelled, duplicate and hoax calls are none. ' ~ covid_by_attendance,
        'response': 'Date of the call connecting. No response time where a clock time is missing or the stop is before the start: such incidents are left out. Health-care professional and inter-facility calls have categories of their own and are never in C1 to C4. ' ~ covid_by_attendance,
        'handover': 'Date of arrival at the hospital; counted for the trust and site that received the patient. Whole minutes, rounded down. Arrivals without a valid handover time are left out (HAND_DQ tells how many), as are conveyances that do not end in an emergency department of a trust in the area. ' ~ covid_by_attendance,
        'ed': ed,
        'ed_stay': 'A stay of more than 72 hours is taken for a recording error and left out. ' ~ ed,
        'beds': 'The 08:00 position of each day; a longer period sums the days before dividing. Beds cannot be split by COVID-19: the sitrep has occupied and void COVID-19 beds (fct_bed_state), but not what they would be open for.',
        'inpatient_discharge': 'Ordinary inpatients (patient classification 1) who stayed at least one night and left alive (discharge method other than 4 and 5), without obstetrics (501), midwifery (560) and well babies (424). Date of discharge. COVID-19: U07.1 in any position of the spell.',
        'call': 'Telephone only: a case of 111 online is never offered, answered or abandoned. Date of the call being offered. A call has no diagnosis, so no split by COVID-19.',
        'triaged_call': 'Triaged calls are answered calls that somebody triaged. Telephone only. Date of the call being offered. A call has no diagnosis, so no split by COVID-19.',
    } -%}
    {{ said[family] }}
{%- endmacro %}
