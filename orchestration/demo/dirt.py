"""The one table of everything that is wrong on purpose in what the demo partners send, and how often.

Rates are those of F 2.1.7, 2.2.6, 2.7, 2.8 and 2.9, or chosen where F gives none. A rate counts records of the feed,
unless `what` says of which. Every defect that is injected is written to truth/dirt.parquet.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from orchestration.demo.table import words

ED = ("broomfield_ed_attendances", "southend_ed_attendances", "basildon_ed_attendances")
SPELLS = ("broomfield_spells", "southend_spells", "basildon_spells")
STAYS = ("eput_inpatient_stays", "nelft_inpatient_stays", "provide_inpatient_stays")
FILED_STAYS = ("eput_inpatient_stays", "provide_inpatient_stays")
WARD_BEDS = ("eput_ward_beds", "nelft_ward_beds", "provide_ward_beds")
CARE_HOMES = ("essex_care_homes", "southend_care_homes", "thurrock_care_homes")
LISTS = ("essex_packages_awaited", "thurrock_packages_awaited")
JOURNAL = ("southend_brokerage_journal",)
PACKAGES = (*LISTS, *JOURNAL)
PLANNED = ("outpatient_appointments", "waiting_list")
WAITS = ("waiting_list",)
MH_REFERRALS = ("eput_mh_referrals", "nelft_mh_referrals")
COMMUNITY_REFERRALS = ("eput_community_referrals", "nelft_community_referrals", "provide_community_referrals")
REFERRALS = (*MH_REFERRALS, *COMMUNITY_REFERRALS)
MH_CONTACTS = ("eput_mh_contacts", "nelft_mh_contacts")
COMMUNITY_CONTACTS = ("eput_community_contacts", "nelft_community_contacts", "provide_community_contacts")
CARE_CONTACTS = (*MH_CONTACTS, *COMMUNITY_CONTACTS)
FILED_CONTACTS = ("eput_mh_contacts", "eput_community_contacts", "provide_community_contacts")
CODED_ENTRIES = ("gp_events", "fhir_conditions", "fhir_observations")
GP_PEOPLE = ("gp_patients", "interventions")
CLIENT_LEVEL = ("essex_client_level_data", "southend_client_level_data", "thurrock_client_level_data")
NUMBERED_CLIENTS = CLIENT_LEVEL[:2]
PEOPLE_FEEDS = ("incidents", "calls", *ED, *SPELLS)
ANY = "any"  # every feed about persons that is not named for the defect itself
NET_CHANGE = ("broomfield_ed_attendances", "southend_ed_attendances", "broomfield_spells", "southend_spells")


@dataclass(frozen=True)
class Defect:
    name: str
    feeds: tuple[str, ...]
    rate: float
    what: str


DIRT = (
    # the clock itself
    Defect(
        "clock_change_hour",
        PEOPLE_FEEDS,
        0.0,
        "A true time in the hour that happens twice, second pass. Not injected, it happens.",
    ),
    # what should have been held back (F 5.6)
    Defect("restricted_code", SPELLS, 0.004, "A diagnosis or a clinic that law or local rule restricts. A few always."),
    Defect("restricted_code", ED, 0.003, "A diagnosis or complaint that law or local rule restricts. A few always."),
    Defect("restricted_code", PLANNED, 0.002, "At a clinic of sexual health (360). A few always."),
    Defect("restricted_code", MH_REFERRALS, 0.004, "Referred for gender discomfort (20). One always."),
    Defect("restricted_code", CODED_ENTRIES, 0.00012, "An entry that law or local rule restricts. A few always."),
    # who it is
    Defect(
        "nhs_number_missing", ("incidents",), 0.25, "No NHS number: the crew could not trace the patient (F 2.8.1)."
    ),
    Defect("nhs_number_missing", ("calls",), 0.15, "No NHS number: the caller did not say who it is for (F 2.9)."),
    Defect("nhs_number_missing", ED, 0.03, "No NHS number, status 07; the hospital number is there."),
    Defect("nhs_number_missing", SPELLS, 0.008, "No NHS number, status 07; the hospital number is there."),
    Defect("nhs_number_wrong", PEOPLE_FEEDS, 0.004, "One digit mistyped: fails Modulus 11."),
    Defect("nhs_number_spaced", PEOPLE_FEEDS, 0.04, "Written 999 123 4567: the same number."),
    Defect(
        "nhs_number_untrusted", (*ED, *SPELLS), 0.01, "Status 04 or 05: traced to nobody or to several; not to be used."
    ),
    Defect("birth_date_default", ED, 0.001, "Date of birth 01/01/1900, a default of the system (F 2.1.7 14)."),
    Defect("practice_dummy", (*ED, *SPELLS), 0.015, "Practice V81999, not known, though the person has one (F 2.2.6)."),
    # human errors in who it is (F 9.2); rates are chosen
    Defect("nhs_number_of_mother", (ANY,), 0.15, "The mother's number on her baby; of the first 60 days of life."),
    Defect("nhs_number_of_another", ("incidents", "calls"), 0.002, "A valid number, of somebody else."),
    Defect("nhs_number_of_another", (ANY,), 0.0008, "A valid number, of somebody else."),
    Defect("given_name_baby", (ANY,), 0.30, "Baby for a given name; of the first 28 days of life."),
    Defect("family_name_former", ("incidents", "calls"), 0.10, "The name before marriage; of those who changed it."),
    Defect("family_name_former", (ANY,), 0.20, "The name before marriage; of those who changed it."),
    Defect("family_name_misspelt", ("incidents", "calls"), 0.020, "A letter wrong, left out, doubled or out of place."),
    Defect("family_name_misspelt", (ANY,), 0.006, "A letter wrong, left out, doubled or out of place."),
    Defect("given_name_misspelt", ("incidents", "calls"), 0.015, "A letter wrong, left out, doubled or out of place."),
    Defect("given_name_misspelt", (ANY,), 0.005, "A letter wrong, left out, doubled or out of place."),
    Defect("given_name_short", ("incidents", "calls"), 0.08, "What people call them; of names with a short form."),
    Defect("given_name_short", (ANY,), 0.02, "What people call them; of names with a short form."),
    Defect("given_name_initial", ("incidents", "calls"), 0.006, "An initial for the given name."),
    Defect("given_name_initial", (ANY,), 0.002, "An initial for the given name."),
    Defect("name_without_accents", (ANY,), 0.40, "Muller or Mueller for Müller; of names with such letters."),
    Defect("names_swapped", (ANY,), 0.002, "Family and given name in each other's place."),
    Defect("birth_date_swapped", ("incidents", "calls"), 0.006, "Day and month swapped; of dates that allow it."),
    Defect("birth_date_swapped", (ANY,), 0.003, "Day and month swapped; of dates that allow it."),
    Defect("birth_date_digit", ("incidents", "calls"), 0.005, "A digit of the birth date wrong."),
    Defect("birth_date_digit", (ANY,), 0.002, "A digit of the birth date wrong."),
    Defect("postcode_former", (ANY,), 0.20, "The address before the move; of those who moved."),
    Defect("postcode_mistyped", (ANY,), 0.004, "The last letter of the postcode wrong."),
    # when the file comes, and how often
    Defect("late", PEOPLE_FEEDS, 0.006, "First arrives in a later file: next month's, or three days on."),
    Defect("corrected", PEOPLE_FEEDS, 0.010, "Sent wrong, sent again right in a later file."),
    Defect("resubmitted", PEOPLE_FEEDS, 0.010, "Sent again unchanged in a later file (F 2.1.7 8)."),
    Defect("duplicate_row", PEOPLE_FEEDS, 0.004, "The same row twice in one file."),
    Defect("deleted", NET_CHANGE, 0.004, "Entered by mistake; a later file withdraws it (update type 1)."),
    Defect(
        "untypable_date", PEOPLE_FEEDS, 0.0020, "31 February: the row cannot be typed. In files of 80 rows and more."
    ),
    # ambulance
    Defect("handover_missing", ("incidents",), 0.08, "Handover pin not pressed; of conveyances to ED (F 2.8.2)."),
    Defect("handover_before_arrival", ("incidents",), 0.02, "Handover before arrival; of conveyances to ED (F 2.8.2)."),
    Defect(
        "midnight_rollover", ("incidents",), 0.25, "Handover dated the day before; of handovers just after midnight."
    ),
    Defect("hospital_arrival_missing", ("incidents",), 0.004, "No arrival at hospital; of conveyances to ED."),
    Defect(
        "on_scene_before_call",
        ("incidents",),
        0.001,
        "First responder on scene before the call; of attended incidents.",
    ),
    Defect(
        "duplicate_per_vehicle",
        ("incidents",),
        0.010,
        "One row per vehicle: the same incident twice, cleared at other times.",
    ),
    Defect(
        "old_site_code",
        ("incidents",),
        0.005,
        "Receiving hospital under its code of before April 2020; of conveyances to ED.",
    ),
    # 111
    Defect(
        "answered_before_offered",
        ("calls",),
        0.005,
        "Telephony clock skew: answered 1 to 50 seconds before it was offered.",
    ),
    Defect("answered_long_before_offered", ("calls",), 0.001, "Clock skew of more than a minute: no wait can be told."),
    Defect(
        "transferred_twice", ("calls",), 0.005, "Counted again by the provider it was transferred to: a second record."
    ),
    # ED: numbers as in F 2.1.7
    Defect("departure_before_arrival", ED, 0.002, "1 Departure dated a year back."),
    Defect("stay_over_72_hours", ED, 0.003, "2 Not closed on the system until days later."),
    Defect("departure_in_future", ED, 0.0005, "3 Departure dated a year ahead."),
    Defect(
        "assessed_just_before_arrival", ED, 0.007, "4 Assessed up to ten minutes before arrival: ambulance pre-alert."
    ),
    Defect(
        "assessed_long_before_arrival", ED, 0.003, "4 Assessed more than ten minutes before arrival: a typing mistake."
    ),
    Defect(
        "decision_after_departure", ED, 0.005, "5 Decision to admit after departure; of attendances with a decision."
    ),
    Defect("arrival_mode_local", ED, 0.010, "6 Arrival mode under a code that was retired or is the site's own."),
    Defect(
        "snomed_by_excel",
        ED,
        0.005,
        "7 SNOMED identifier that passed through Excel: 1.04807E+15, or the last digits 000.",
    ),
    Defect("diagnosis_missing", ED, 0.15, "9 No diagnosis; of Type 3 attendances. A quarter of that elsewhere."),
    Defect("left_but_seen", ED, 0.003, "10 Left before being seen, with a time at which they were seen."),
    Defect("old_site_code", (*ED, *SPELLS), 0.005, "11 Site under its code of before April 2020, or a local one."),
    Defect(
        "text_dates",
        ("basildon_ed_attendances", "basildon_spells"),
        0.12,
        "12 Dates typed as text, day first, between real Excel dates.",
    ),
    Defect(
        "incident_number_prefixed",
        ED,
        0.20,
        "13 Ambulance incident number with the site in front; of those with a number.",
    ),
    Defect(
        "incident_number_padded", ED, 0.05, "13 Ambulance incident number padded with zeros; of those with a number."
    ),
    Defect("incident_number_missing", ED, 0.10, "No ambulance incident number; of ambulance arrivals."),
    # spells
    Defect("time_missing", SPELLS, 0.06, "Admission or discharge has a date and no time (F 2.2.1)."),
    Defect("discharge_before_admission", SPELLS, 0.0005, "Discharge dated before admission (F 2.2.6)."),
    Defect("stay_over_1000_days", SPELLS, 0.0003, "Discharge dated years ahead (F 2.2.6)."),
    Defect(
        "overlapping_spell",
        SPELLS,
        0.003,
        "A second spell for a stay of a night and more that is already there (F 2.2.6).",
    ),
    Defect("specialty_local", SPELLS, 0.005, "Treatment function under an old local code (F 2.2.6)."),
    Defect("ed_attendance_not_kept", SPELLS, 0.30, "No ED attendance number; of spells that began in ED."),
    Defect("death_without_destination", SPELLS, 0.02, "Died, but the destination says home; of deaths."),
    Defect(
        "uncoded", SPELLS, 0.010, "No diagnosis yet: never coded; and all recent discharges until they are (F 2.2.6)."
    ),
    Defect("ready_date_missing", SPELLS, 0.15, "No discharge ready date; of stays of a night and more."),
    # beds
    Defect(
        "carried_forward", ("bed_state",), 0.02, "Sunday's row repeats Saturday's (F 2.7.3); of Sundays one in seven."
    ),
    Defect("long_stay_not_nested", ("bed_state",), 0.004, "21+ days and 7+ days in each other's column."),
    Defect("occupied_mistyped", ("bed_state",), 0.005, "A digit too many in the occupied beds, amended later."),
    Defect("untypable_number", ("bed_state",), 0.003, "'n/a' in a number. In workbooks of 40 rows and more."),
    Defect("corrected", ("bed_state",), 0.02, "Amended the day after, within the 14 days that are allowed (F 2.7.1)."),
    # wards
    Defect("late", ("ward_stays",), 0.006, "First arrives in a later file: next month's, or three days on."),
    Defect("corrected", ("ward_stays",), 0.010, "The end was two hours out; sent again right in a later file."),
    Defect("resubmitted", ("ward_stays",), 0.005, "Sent again unchanged in a later file."),
    Defect("duplicate_row", ("ward_stays",), 0.002, "The same row twice in one file."),
    Defect("untypable_date", ("ward_stays",), 0.0010, "31 February as the start. In files of 80 rows and more."),
    Defect("clock_change_hour", ("ward_stays",), 0.0, "As above."),
    Defect(
        "two_wards",
        ("ward_stays",),
        0.01,
        "The former ward lets go late: a patient on two wards at once (F 2.7.3); of stays that another follows.",
    ),
    Defect("end_before_start", ("ward_stays",), 0.001, "The stay ends before it starts."),
    Defect("ward_name_missing", ("ward_stays",), 0.01, "No name of the ward; the code is there."),
    # discharge list
    Defect("nhs_number_missing", ("no_criteria_to_reside",), 0.04, "No NHS number."),
    Defect("nhs_number_wrong", ("no_criteria_to_reside",), 0.004, "One digit mistyped: fails Modulus 11."),
    Defect("nhs_number_spaced", ("no_criteria_to_reside",), 0.04, "Written 999 123 4567: the same number."),
    Defect("pathway_missing", ("no_criteria_to_reside",), 0.10, "No pathway (F 2.7.3)."),
    Defect("since_after_census", ("no_criteria_to_reside",), 0.010, "Without criteria from a day after the list's."),
    Defect(
        "carried_forward",
        ("no_criteria_to_reside",),
        0.03,
        "Sunday's list repeats Saturday's (F 2.7.3); of Sundays of a site one in five. Who left since is on it still, "
        "who became ready since is not.",
    ),
    Defect("two_wards", ("no_criteria_to_reside",), 0.01, "Listed twice, on two wards of the site (F 2.7.3)."),
    Defect("ward_free_text", ("no_criteria_to_reside",), 0.02, "The ward's name and place in words (F 2.7.3)."),
    Defect("late", ("no_criteria_to_reside",), 0.004, "First on the list of a later file."),
    Defect(
        "corrected", ("no_criteria_to_reside",), 0.02, "Other pathway and no reason; sent again right in a later file."
    ),
    Defect("duplicate_row", ("no_criteria_to_reside",), 0.003, "The same row twice in one file."),
    # situation report
    Defect("miscounted", ("daily_sitrep",), 0.06, "One number is up to three out, and stays so."),
    Defect("number_mistyped", ("daily_sitrep",), 0.004, "A digit too many in one number, and it stays; once at least."),
    Defect(
        "corrected",
        ("daily_sitrep",),
        0.03,
        "Discharges of the evening not counted, amended some days later (F 2.7.1).",
    ),
    Defect("late", ("daily_sitrep",), 0.008, "Not there at the deadline; comes with a later file."),
    # community and mental-health wards
    Defect("nhs_number_missing", STAYS, 0.012, "No NHS number; the provider's own number is there."),
    Defect("nhs_number_wrong", STAYS, 0.004, "One digit mistyped: fails Modulus 11."),
    Defect("nhs_number_spaced", FILED_STAYS, 0.05, "Written 999 123 4567: the same number."),
    Defect("practice_dummy", STAYS, 0.015, "Practice V81999, not known, though the person has one."),
    Defect("late", STAYS, 0.010, "First arrives in a later file: next month's, or three days on."),
    Defect("corrected", STAYS, 0.015, "Other source of admission; sent again right later."),
    Defect("resubmitted", STAYS, 0.010, "Sent again unchanged; in the database, touched without a change."),
    Defect("duplicate_row", FILED_STAYS, 0.004, "The same row twice in one file."),
    Defect("untypable_date", FILED_STAYS, 0.003, "31 February as the day of admission. In files of 80 rows and more."),
    Defect("ready_after_discharge", STAYS, 0.012, "Ready days after discharge (F 2.7.3); of stays with a ready date."),
    Defect("ready_date_missing", STAYS, 0.05, "No ready date, though the patient was ready."),
    Defect("pathway_missing", STAYS, 0.10, "No pathway (F 2.7.3); of stays with a ready date."),
    Defect("delay_reason_missing", STAYS, 0.12, "No reason for the delay; of delayed stays."),
    Defect("delay_reason_free_text", STAYS, 0.03, "The reason in words, which no code list knows; of delayed stays."),
    Defect("discharge_before_admission", STAYS, 0.003, "Discharge dated before admission."),
    Defect("carried_forward", WARD_BEDS, 0.02, "Sunday's row repeats Saturday's; of Sundays one in seven."),
    Defect("occupied_over_open", WARD_BEDS, 0.006, "More beds occupied than open: a miscount."),
    Defect("late", WARD_BEDS, 0.004, "First arrives in a later file: next month's, or three days on."),
    Defect("corrected", WARD_BEDS, 0.015, "A patient short, amended in a later file."),
    Defect("duplicate_row", ("eput_ward_beds", "provide_ward_beds"), 0.003, "The same row twice in one file."),
    # care homes (F 2.14)
    Defect("vacancies_over_beds", CARE_HOMES, 0.015, "More vacancies of a kind than beds."),
    Defect("updated_after_census", CARE_HOMES, 0.015, "Last updated after the day of the extract."),
    Defect("closed_with_vacancies", CARE_HOMES, 0.0, "Closed, and its vacant beds are told. Not injected, it happens."),
    Defect("old_owner_listed", CARE_HOMES, 0.5, "For some weeks also under the former owner; of homes sold."),
    Defect("corrected", CARE_HOMES, 0.004, "Every bed vacant; sent again right in a later file."),
    Defect("duplicate_row", CARE_HOMES, 0.002, "The same row twice in one file."),
    # packages of care (F 2.13)
    Defect("nhs_number_missing", ("essex_packages_awaited",), 0.05, "No NHS number, of people."),
    Defect("nhs_number_missing", JOURNAL, 0.09, "No NHS number, of people."),
    Defect("nhs_number_wrong", ("essex_packages_awaited", *JOURNAL), 0.005, "One digit mistyped, of people."),
    Defect("nhs_number_spaced", ("essex_packages_awaited",), 0.10, "Written 999 123 4567: the same number."),
    Defect("name_misspelt", PACKAGES, 0.015, "Two letters of the family name changed places, of people."),
    Defect("never_closed", PACKAGES, 0.04, "Closed, and still waiting on the lists: nobody closed the request."),
    Defect("not_listed_yet", LISTS, 0.03, "Entered late: missing on its first list; of first lists of those who wait."),
    Defect("closed_before_requested", PACKAGES, 0.012, "Closed before it was made; of closed requests."),
    Defect("request_date_reset", LISTS, 0.10, "Asked for on 1 April, a new financial year; of those that span it."),
    Defect("package_free_text", LISTS, 0.02, "The package in words that no code list knows (F 2.13), of requests."),
    Defect("hours_missing", PACKAGES, 0.03, "No hours of care."),
    Defect("late", PACKAGES, 0.004, "First arrives in a later file: next month's, or three later."),
    Defect("corrected", PACKAGES, 0.010, "Another place, or half the hours; sent again right in a later file."),
    Defect("resubmitted", PACKAGES, 0.004, "Sent again unchanged in a later file."),
    Defect("duplicate_row", PACKAGES, 0.003, "The same row twice in one file."),
    Defect("untypable_date", PACKAGES, 0.002, "31 February as the day of the request. In files of 80 rows and more."),
    # planned care (F 2.3, 2.4)
    Defect("nhs_number_missing", PLANNED, 0.012, "No NHS number, status 07; the hospital number is there."),
    Defect("nhs_number_wrong", PLANNED, 0.004, "One digit mistyped: fails Modulus 11."),
    Defect("nhs_number_spaced", PLANNED, 0.04, "Written 999 123 4567: the same number."),
    Defect("nhs_number_untrusted", PLANNED, 0.01, "Status 04 or 05: traced to nobody or to several; not to be used."),
    Defect("practice_dummy", PLANNED, 0.015, "Practice V81999, not known, though the person has one."),
    Defect("late", ("outpatient_appointments",), 0.006, "First arrives in next month's file."),
    Defect("corrected", ("outpatient_appointments",), 0.010, "Said not to have come; sent again right later."),
    Defect("resubmitted", ("outpatient_appointments",), 0.010, "Sent again unchanged in a later file."),
    Defect("duplicate_row", PLANNED, 0.003, "The same row twice in one file."),
    Defect("untypable_date", ("outpatient_appointments",), 0.0015, "31 February as the day of the appointment."),
    Defect("specialty_local", ("outpatient_appointments",), 0.005, "Treatment function under an old local code."),
    Defect("specialty_missing", PLANNED, 0.004, "No treatment function (F 2.4.3)."),
    Defect("outcome_missing", ("outpatient_appointments",), 0.03, "No outcome; of appointments that were kept."),
    Defect("pathway_number_twice", WAITS, 0.004, "A number that another hospital gave, too (F 2.4.3); of Basildon's."),
    Defect("listed_twice_after_merger", WAITS, 0.006, "Also in the old system, under its trust (F 2.4.3)."),
    Defect("clock_starts_after_census", WAITS, 0.002, "Clock start two years ahead (F 2.4.3); of RTT pathways."),
    Defect("dead_on_the_list", WAITS, 0.6, "Waits on for weeks (F 2.4.3); of those who died, one always."),
    Defect("tci_in_the_past", WAITS, 0.02, "Date to come in has passed, no outcome (F 2.4.3); of decided admissions."),
    Defect("on_two_lists", WAITS, 0.008, "For admission and still for clinic (F 2.4.3); of decided admissions."),
    Defect("waits_over_104_weeks", WAITS, 0.0015, "A pathway that nobody closed, years old (F 2.4.3)."),
    # referrals and contacts of community and mental-health services (F 2.10, 2.11)
    Defect("nhs_number_missing", MH_REFERRALS, 0.04, "No NHS number, status 07; the provider's own number is there."),
    Defect("nhs_number_missing", COMMUNITY_REFERRALS, 0.02, "No NHS number; the provider's own number is there."),
    Defect("nhs_number_wrong", REFERRALS, 0.004, "One digit mistyped: fails Modulus 11."),
    Defect("nhs_number_spaced", REFERRALS, 0.04, "Written 999 123 4567: the same number."),
    Defect("birth_date_default", MH_REFERRALS, 0.001, "Date of birth 01/01/1900, a default of the system."),
    Defect("practice_dummy", REFERRALS, 0.015, "Practice V81999, not known, though the person has one."),
    Defect("duplicate_referral", REFERRALS, 0.012, "A second referral for the same episode, on the same day (F 2.11)."),
    Defect("ward_dummy", MH_REFERRALS, 0.0, "A referral to team ZZZ for each inpatient spell: no referral at all."),
    Defect("priority_missing", REFERRALS, 0.03, "No priority."),
    Defect("time_missing", REFERRALS, 0.02, "No time of receipt, only the day."),
    Defect("time_missing", COMMUNITY_CONTACTS, 0.06, "No time, only the day: blocks the two-hour measure (F 2.11)."),
    Defect("time_missing", MH_CONTACTS, 0.03, "No time, only the day; EPUT writes 1 January 1970, midnight."),
    Defect("contact_before_referral", CARE_CONTACTS, 0.008, "Dated up to three weeks before the referral (F 2.11)."),
    Defect("doubled_contact", CARE_CONTACTS, 0.02, "One visit recorded as two contacts of the same moment (F 2.11)."),
    Defect("attendance_unknown", CARE_CONTACTS, 0.004, "Attendance status not recorded."),
    Defect("late", REFERRALS, 0.006, "Not in the first submission of its month."),
    Defect("late", CARE_CONTACTS, 0.02, "Not in the first submission of its month; some never come."),
    Defect("deleted", (*REFERRALS, *CARE_CONTACTS), 0.004, "Entered by mistake: not in the second submission."),
    Defect("corrected", CARE_CONTACTS, 0.008, "Attendance status wrong in the first submission."),
    Defect("untypable_date", FILED_CONTACTS, 0.002, "31 February as the day of the contact. In files of 80 rows."),
    # practice records (F 2.12.5)
    Defect("nhs_number_missing", ("gp_patients",), 0.006, "No NHS number: not traced yet."),
    Defect("nhs_number_missing", ("interventions",), 0.05, "No NHS number; the practice's own number is there."),
    Defect("nhs_number_wrong", GP_PEOPLE, 0.003, "One digit mistyped: fails Modulus 11."),
    Defect("nhs_number_spaced", GP_PEOPLE, 0.02, "Written 999 123 4567: the same number."),
    Defect(
        "registered_twice", ("gp_patients",), 0.03, "Never taken off the former practice's list; of those who moved."
    ),
    Defect(
        "local_code_unknown", ("gp_events",), 0.002, "A code that the practice made for itself; of everyday entries."
    ),
    Defect("value_in_text", ("gp_events",), 0.002, "The value stands in the comment; of entries with a value."),
    Defect(
        "value_implausible",
        ("gp_events",),
        0.003,
        "The point of the decimal is lost; of weights for height and cholesterol.",
    ),
    Defect(
        "hba1c_in_percent", ("gp_events",), 0.02, "HbA1c in per cent where mmol/mol was agreed; of those of habit 1."
    ),
    Defect("untypable_date", ("gp_events",), 0.0002, "31 February; of everyday entries."),
    Defect("event_date_default", ("gp_events",), 0.0008, "Dated 1 January 1900: nobody knows when."),
    Defect("event_in_future", ("gp_events",), 0.0004, "Dated a year after the day on which it was entered."),
    Defect("resubmitted", ("gp_events",), 0.002, "Sent again unchanged in the next file."),
    Defect("corrected", ("gp_events",), 0.002, "Another value; sent again right in the next file."),
    Defect(
        "deleted", ("gp_events",), 0.0, "Entered for the wrong patient, withdrawn in the next file: 3 in 1,000 people."
    ),
    Defect("deleted", ("gp_medication",), 0.002, "Withdrawn before it was dispensed; of single prescriptions."),
    Defect("entered_twice", ("gp_appointments",), 0.0, "Once more under a new number after a change of system."),
    Defect("slot_without_patient", ("gp_appointments",), 0.02, "Time kept for administration or a group."),
    Defect("staff_missing", ("gp_appointments",), 0.02, "Nobody said who saw the patient."),
    # adult social care, client level data (F 2.13)
    Defect("nhs_number_missing", NUMBERED_CLIENTS, 0.06, "No NHS number, of people (F 2.13.3)."),
    Defect("nhs_number_wrong", NUMBERED_CLIENTS, 0.004, "One digit mistyped, of people."),
    Defect("nhs_number_spaced", NUMBERED_CLIENTS, 0.05, "Written 999 123 4567: the same number, of people."),
    Defect("practice_dummy", CLIENT_LEVEL, 0.01, "Practice V81999, not known, though the person has one; of people."),
    Defect("duplicate_row", CLIENT_LEVEL, 0.006, "The same row twice, under another reference."),
    Defect("two_outcomes", CLIENT_LEVEL, 0.012, "Twice in a file, with two outcomes; of requests and assessments."),
    Defect("release_1_wording", CLIENT_LEVEL, 0.08, "In the words of release 1 after it ended (F 2.13.1)."),
    Defect("component_free_text", CLIENT_LEVEL, 0.02, "Component in words of somebody's own, of services."),
    Defect("never_closed", CLIENT_LEVEL, 0.02, "Open in every file, though it ended; of services that ended."),
    Defect("open_after_death", CLIENT_LEVEL, 0.4, "Open, though the death is told; of such services."),
    Defect("death_not_told", CLIENT_LEVEL, 0.1, "The service has ended, the death is not told; of such services."),
    Defect("not_in_the_newest", CLIENT_LEVEL, 0.02, "Left out of the newest file, of older services; one always."),
    Defect("start_date_reset", CLIENT_LEVEL, 0.06, "Starts on 1 April, of support at home that spans it."),
    Defect("carer_as_service_user", CLIENT_LEVEL, 0.04, "Recorded as a service user; of carers' assessments."),
    Defect("no_person_number", CLIENT_LEVEL, 0.003, "Neither NHS number nor number of the council."),
    Defect("submission_lacks_rows", CLIENT_LEVEL[:1], 0.0, "Some rows are missing; it comes again nine days later."),
    # practice lists
    Defect("nhs_number_wrong", ("registrations",), 0.0005, "Fails Modulus 11: the row is held back."),
    Defect("listed_twice", ("registrations",), 0.002, "Still on the list of the former practice as well."),
    Defect("registered_in_future", ("registrations",), 0.0004, "Registration starts after the extract."),
    Defect("postcode_missing", ("registrations",), 0.005, "No postcode."),
    Defect("no_fixed_abode", ("registrations",), 0.001, "Postcode ZZ99 3VZ."),
)

# Whole files that the hub must turn away; each comes again, right, some hours later.
BAD_FILES = {
    "southend_ed_attendances": "file_truncated",
    "incidents": "column_missing",
    "basildon_ed_attendances": "sheet_renamed",
    "broomfield_spells": "dates_in_other_format",
    "calls": "line_cut",
    "no_criteria_to_reside": "key_column_renamed",
    "essex_packages_awaited": "wrong_report",
}


def rate(name: str, feed: str) -> float:
    """The rate of a defect in a feed; 0 where the feed does not have it."""
    rates = {one: defect.rate for defect in DIRT if defect.name == name for one in defect.feeds}
    return rates.get(feed, rates.get(ANY, 0.0))


@dataclass
class DirtLog:
    """What was injected, a row per record and column."""

    feed: str
    rows: list[tuple[np.ndarray, ...]] = field(default_factory=list)

    def add(
        self, kind: str, record: np.ndarray, column: str = "", sent: np.ndarray | str = "", stands: bool = True
    ) -> None:
        """`stands` is False where a later delivery puts it right. `sent`: what they wrote, in national terms."""
        if not len(record):
            return
        texts = words([sent] * len(record)) if isinstance(sent, str) else sent
        self.rows.append(
            (record, words([kind] * len(record)), words([column] * len(record)), texts, np.full(len(record), stands))
        )

    def columns(self) -> dict[str, np.ndarray]:
        names = ("record_id", "kind", "column", "sent", "stands")
        if not self.rows:
            return {name: words([]) for name in names} | {"stands": np.empty(0, dtype=bool)}
        return {name: np.concatenate([row[place] for row in self.rows]) for place, name in enumerate(names)}
