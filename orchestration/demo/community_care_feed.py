"""Community care: referrals and contacts of Provide, NELFT and EPUT (CSDS content, F 2.11).

EPUT writes CSV with the names of the data set, each month and the one before it again, told apart by EFFECTIVE FROM.
Provide writes workbooks in its own words and sends a few months again. NELFT's reporting database has a record once.
"""

from __future__ import annotations

from orchestration.demo.care_sending import COMMUNITY, Habit, columns
from orchestration.demo.mental_health_feed import NELFT_CONTACTS, NELFT_REFERRALS, NELFT_WORDS, partners

EPUT_REFERRALS = columns("""
    reporting_month = REPORTING PERIOD START DATE
    submission = EFFECTIVE FROM
    referral_id = SERVICE REQUEST IDENTIFIER
    nhs_number = NHS NUMBER
    nhs_number_status_code = NHS NUMBER STATUS INDICATOR CODE
    local_patient_id = LOCAL PATIENT IDENTIFIER
    family_name = PERSON FAMILY NAME
    given_name = PERSON GIVEN NAME
    birth_date = PERSON BIRTH DATE
    sex_code = PERSON STATED GENDER CODE
    ethnic_category_code = ETHNIC CATEGORY
    postcode = POSTCODE OF USUAL ADDRESS
    gp_practice_code = GENERAL MEDICAL PRACTICE CODE
    service_type_code = SERVICE OR TEAM TYPE REFERRED TO
    source_of_referral_code = SOURCE OF REFERRAL FOR COMMUNITY
    priority_code = PRIORITY TYPE CODE
    reason_code = PRIMARY REASON FOR REFERRAL
    received_on = REFERRAL REQUEST RECEIVED DATE
    received_time = REFERRAL REQUEST RECEIVED TIME
    rejected_on = REFERRAL REJECTION DATE
    closed_on = SERVICE DISCHARGE DATE
    close_reason_code = REFERRAL CLOSURE REASON
""")
EPUT_CONTACTS = columns("""
    reporting_month = REPORTING PERIOD START DATE
    submission = EFFECTIVE FROM
    contact_id = CARE CONTACT IDENTIFIER
    referral_id = SERVICE REQUEST IDENTIFIER
    local_patient_id = LOCAL PATIENT IDENTIFIER
    contact_on = CARE CONTACT DATE
    contact_time = CARE CONTACT TIME
    attendance_code = ATTENDANCE STATUS
    mechanism_code = CONSULTATION MECHANISM
    location_type_code = ACTIVITY LOCATION TYPE CODE
    duration_minutes = CLINICAL CONTACT DURATION OF CARE CONTACT
""")
PROVIDE_REFERRALS = columns("""
    reporting_month = Month
    submission = Effective from
    referral_id = Referral ref
    nhs_number = NHS number
    local_patient_id = Patient ref
    family_name = Last name
    given_name = First name
    birth_date = Date of birth
    sex_code = Sex
    postcode = Post code
    gp_practice_code = Practice
    service_type_code = Service
    source_of_referral_code = Referred by
    priority_code = Priority
    reason_code = Reason
    received_on = Referral date
    received_time = Referral time
    rejected_on = Not accepted on
    closed_on = Discharged
    close_reason_code = Discharge reason
""")
PROVIDE_CONTACTS = columns("""
    reporting_month = Month
    submission = Effective from
    contact_id = Contact ref
    referral_id = Referral ref
    local_patient_id = Patient ref
    contact_on = Contact date
    contact_time = Contact time
    attendance_code = Outcome
    mechanism_code = How
    location_type_code = Where
    duration_minutes = Minutes
""")
PROVIDE_WORDS = {
    "sex_code": {"1": "Male", "2": "Female", "9": "Indeterminate", "X": "Not known"},
    "service_type_code": {
        "12": "District nursing",
        "16": "Speech and language therapy",
        "18": "Podiatry",
        "20": "Physiotherapy",
        "28": "Community palliative care",
        "51": "Urgent community response",
        "53": "Reablement",
        "54": "Intermediate care at home",
    },
    "priority_code": {"1": "Routine", "2": "Urgent", "4": "Two hours"},
    "attendance_code": {
        "5": "Seen",
        "6": "Seen, late",
        "7": "Too late to be seen",
        "3": "Did not attend",
        "2": "Cancelled by patient",
        "4": "Cancelled by us",
    },
    "mechanism_code": {"01": "Face to face", "02": "Telephone", "11": "Video"},
}
HABITS = (
    Habit(
        "eput",
        COMMUNITY,
        "community_referrals",
        "EPUT_CSDS_REFERRALS_{day:%Y%m}.csv",
        EPUT_REFERRALS,
        {"sex_code": {"1": "M", "2": "F", "9": "I", "X": "U"}},
        encoding="cp1252",
    ),
    Habit(
        "eput",
        COMMUNITY,
        "community_contacts",
        "EPUT_CSDS_CONTACTS_{day:%Y%m}.csv",
        EPUT_CONTACTS,
        {},
        encoding="cp1252",
    ),
    Habit(
        "provide",
        COMMUNITY,
        "community_referrals",
        "Provide Referrals {day:%Y-%m}.xlsx",
        PROVIDE_REFERRALS,
        PROVIDE_WORDS,
        sheet="Referrals",
    ),
    Habit(
        "provide",
        COMMUNITY,
        "community_contacts",
        "Provide Contacts {day:%Y-%m}.xlsx",
        PROVIDE_CONTACTS,
        PROVIDE_WORDS,
        sheet="Contacts",
    ),
    Habit(
        "nelft", COMMUNITY, "community_referrals", "community_referrals {day:%Y%m}.jsonl", NELFT_REFERRALS, NELFT_WORDS
    ),
    Habit("nelft", COMMUNITY, "community_contacts", "community_contacts {day:%Y%m}.jsonl", NELFT_CONTACTS, NELFT_WORDS),
)
PARTNERS = partners(HABITS)
