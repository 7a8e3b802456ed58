-- One row per event of a person over all partners: what care_record_timeline shows, without what hangs on the
-- day of as_of and on other people's records, so that a day's files replace a day's rows. What the parts, all
-- views, read is said here.
{{ rows_follow_key('person_id', inputs_named([
    'urgent_call', 'ambulance_incident', 'ed_attendance', 'hospital_spell', 'inpatient_stay',
    'outpatient_appointment', 'waiting_list_entry', 'gp_appointment', 'clinical_event', 'medication_order',
    'care_referral', 'care_contact', 'care_package_request', 'social_care_event', 'registration_period', 'person',
], 'person_id', {
    'ward_stay': through_input('hospital_spell', {'hospital_spell_id': 'hospital_spell_id'}),
})) }}
{% for part in ['urgent', 'bed', 'planned', 'practice', 'community', 'registration'] %}
select
    person_id,
    event_type || ':' || source_id as event_id,
    event_type,
    event_at,
    event_at_local,
    event_date,
    organisation_code,
    title,
    code_system,
    code,
    value_text,
    leads_from,
    feed_table,
    received_at
from {{ ref('record_event_' ~ part) }}
{{ 'union all' if not loop.last }}
{% endfor %}
