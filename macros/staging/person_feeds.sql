{#-
  Every staging model that speaks of persons: its model name, the column that identifies a record, and the moment the
  record speaks of. `local_id` where a feed knows its patients by something else than local_patient_id: the discharge list
  names the spell. `issuer_column` where the local number is that of a site and not of the sender. `died_on` where a feed
  tells of a death: the SQL of its day. A new feed about persons is one more line here, and one in seeds/linkage_source.csv that says how early its keys name a person whom no NHS number names.
-#}
{% macro person_feeds() %}
    {% do return([
        {'model': 'stg_mseft__broomfield_ed_attendances', 'record_id': 'ed_attendance_id', 'observed_at': 'arrived_at_local', 'issuer': 'RAJ32', 'died_on': ed_death()},
        {'model': 'stg_mseft__southend_ed_attendances', 'record_id': 'ed_attendance_id', 'observed_at': 'arrived_at_local', 'issuer': 'RAJ01', 'died_on': ed_death()},
        {'model': 'stg_mseft__basildon_ed_attendances', 'record_id': 'ed_attendance_id', 'observed_at': 'arrived_at_local', 'issuer': 'RAJ12', 'died_on': ed_death()},
        {'model': 'stg_mseft__broomfield_spells', 'record_id': 'hospital_spell_id', 'observed_at': 'cast(admission_date as timestamp)', 'issuer': 'RAJ32', 'died_on': death_by("discharge_method_code in ('4')", 'discharge_date', 'admission_date')},
        {'model': 'stg_mseft__southend_spells', 'record_id': 'hospital_spell_id', 'observed_at': 'cast(admission_date as timestamp)', 'issuer': 'RAJ01', 'died_on': death_by("discharge_method_code in ('4')", 'discharge_date', 'admission_date')},
        {'model': 'stg_mseft__basildon_spells', 'record_id': 'hospital_spell_id', 'observed_at': 'cast(admission_date as timestamp)', 'issuer': 'RAJ12', 'died_on': death_by("discharge_method_code in ('4')", 'discharge_date', 'admission_date')},
        {'model': 'stg_mseft__no_criteria_to_reside', 'record_id': 'discharge_list_entry_id', 'observed_at': 'cast(census_date as timestamp)', 'issuer': 'RAJ', 'local_id': 'hospital_spell_id'},
        {'model': 'stg_mseft__outpatient_appointments', 'record_id': 'outpatient_appointment_id', 'observed_at': 'cast(booked_on as timestamp)', 'issuer': 'RAJ', 'issuer_column': 'site_code'},
        {'model': 'stg_mseft__waiting_list_patients', 'record_id': 'pathway_id', 'observed_at': 'cast(week_ending_date as timestamp)', 'issuer': 'RAJ', 'issuer_column': 'site_code'},
        {'model': 'stg_eput__inpatient_stays', 'record_id': 'inpatient_stay_id', 'observed_at': 'cast(admitted_on as timestamp)', 'issuer': 'R1L', 'died_on': death_by("discharge_destination_code in ('79')", 'discharged_on', 'admitted_on')},
        {'model': 'stg_nelft__inpatient_stays', 'record_id': 'inpatient_stay_id', 'observed_at': 'cast(admitted_on as timestamp)', 'issuer': 'RAT', 'died_on': death_by("discharge_destination_code in ('79')", 'discharged_on', 'admitted_on')},
        {'model': 'stg_provide__inpatient_stays', 'record_id': 'inpatient_stay_id', 'observed_at': 'cast(admitted_on as timestamp)', 'issuer': 'NPRV', 'died_on': death_by("discharge_destination_code in ('79')", 'discharged_on', 'admitted_on')},
        {'model': 'stg_eput__mh_referrals', 'record_id': 'care_referral_id', 'observed_at': 'received_at_local', 'issuer': 'R1L', 'died_on': death_by("close_reason_code = '05'", 'closed_on', 'cast(received_at_local as date)')},
        {'model': 'stg_nelft__mh_referrals', 'record_id': 'care_referral_id', 'observed_at': 'received_at_local', 'issuer': 'RAT', 'died_on': death_by("close_reason_code = '05'", 'closed_on', 'cast(received_at_local as date)')},
        {'model': 'stg_eput__community_referrals', 'record_id': 'care_referral_id', 'observed_at': 'received_at_local', 'issuer': 'R1L', 'died_on': death_by("close_reason_code = '05'", 'closed_on', 'cast(received_at_local as date)')},
        {'model': 'stg_nelft__community_referrals', 'record_id': 'care_referral_id', 'observed_at': 'received_at_local', 'issuer': 'RAT', 'died_on': death_by("close_reason_code = '05'", 'closed_on', 'cast(received_at_local as date)')},
        {'model': 'stg_provide__community_referrals', 'record_id': 'care_referral_id', 'observed_at': 'received_at_local', 'issuer': 'NPRV', 'died_on': death_by("close_reason_code = '05'", 'closed_on', 'cast(received_at_local as date)')},
        {'model': 'stg_essex__packages_awaited', 'record_id': 'care_package_statement_id', 'observed_at': 'stated_at_local', 'issuer': 'E10000012'},
        {'model': 'stg_thurrock__packages_awaited', 'record_id': 'care_package_statement_id', 'observed_at': 'stated_at_local', 'issuer': 'E06000034'},
        {'model': 'stg_southend__brokerage_journal', 'record_id': 'care_package_statement_id', 'observed_at': 'stated_at_local', 'issuer': 'E06000033'},
        {'model': 'stg_essex__client_level_data', 'record_id': 'client_level_record_id', 'observed_at': 'cast(reporting_period_end_date as timestamp)', 'issuer': 'E10000012', 'died_on': 'date_of_death'},
        {'model': 'stg_southend__client_level_data', 'record_id': 'client_level_record_id', 'observed_at': 'cast(reporting_period_end_date as timestamp)', 'issuer': 'E06000033', 'died_on': 'date_of_death'},
        {'model': 'stg_thurrock__client_level_data', 'record_id': 'client_level_record_id', 'observed_at': 'cast(reporting_period_end_date as timestamp)', 'issuer': 'E06000034', 'died_on': 'date_of_death'},
        {'model': 'stg_eeast__incidents', 'record_id': 'ambulance_incident_id', 'observed_at': 'call_connect_at_local', 'issuer': 'RYC'},
        {'model': 'stg_ic24__calls', 'record_id': 'urgent_call_id', 'observed_at': 'offered_at_local', 'issuer': 'NIC24'},
        {'model': 'stg_primary_care__gp_patients', 'record_id': 'gp_patient_id', 'observed_at': 'received_at', 'issuer': 'GPREC', 'died_on': 'died_on'},
        {'model': 'stg_fhir_practices__patients', 'record_id': 'gp_patient_id', 'observed_at': 'received_at', 'issuer': 'GPREC', 'died_on': 'died_on'},
        {'model': 'stg_primary_care__interventions', 'record_id': 'intervention_entry_id', 'observed_at': 'cast(started_on as timestamp)', 'issuer': 'GPREC'},
        {'model': 'stg_primary_care__registrations', 'record_id': 'registration_id', 'observed_at': 'received_at', 'issuer': 'GP', 'is_gp_list': true},
    ]) %}
{% endmacro %}

{#- How each of them names a record, for rows_follow_key. -#}
{% macro person_feed_keys() %}
    {%- set keys = {} -%}
    {%- for feed in person_feeds() -%}{%- do keys.update({feed.model: ['feed_table', feed.record_id]}) -%}{%- endfor -%}
    {%- do return(keys) -%}
{% endmacro %}

{#- Day of a death that a record tells of: where it says so, and its day lies between the start of care and its receipt. -#}
{% macro death_by(says_so, day, begins) -%}
    case when {{ says_so }} and {{ day }} between {{ begins }} and cast(received_at as date) then {{ day }} end
{%- endmacro %}

{#- Died in an emergency department, or dead on arrival there: the day of departure, or of arrival where that is not told. -#}
{% macro ed_death() -%}
    case
        when discharge_status_code in ('75004002', '63238001') or discharge_destination_code = '305398007'
            then cast(case when departed_at_local between arrived_at_local and received_at then departed_at_local else arrived_at_local end as date)
    end
{%- endmacro %}
