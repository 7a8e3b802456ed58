"""Mental health: referrals and contacts of EPUT and NELFT (MHSDS content, F 2.10).

EPUT sends the national codes and, every month, the month provisionally and the month before for good; its time columns
carry the date 1 January 1970. NELFT's reporting database has words of its own, and a record once.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from orchestration.demo.care_sending import MH, Habit, columns, send_contacts, send_referrals
from orchestration.demo.sending import Sent
from orchestration.demo.world import World

EPUT_REFERRALS = columns("""
    reporting_month = UniqMonthID
    submission = SubmissionType
    referral_id = UniqServReqID
    nhs_number = NHSNumber
    nhs_number_status_code = NHSNumberStatus
    local_patient_id = LocalPatientId
    family_name = Surname
    given_name = Forename
    birth_date = PersonBirthDate
    sex_code = Gender
    ethnic_category_code = EthnicCategory
    postcode = Postcode
    gp_practice_code = GMPReg
    service_type_code = ServTeamTypeRefToMH
    source_of_referral_code = SourceOfReferralMH
    priority_code = ClinRespPriorityType
    reason_code = PrimReasonReferralMH
    received_on = ReferralRequestReceivedDate
    received_time = ReferralRequestReceivedTime
    rejected_on = ReferRejectionDate
    closed_on = ServDischDate
    close_reason_code = ReferClosReason
""")
EPUT_CONTACTS = columns("""
    reporting_month = UniqMonthID
    submission = SubmissionType
    contact_id = UniqCareContID
    referral_id = UniqServReqID
    local_patient_id = LocalPatientId
    contact_on = CareContDate
    contact_time = CareContTime
    attendance_code = AttendStatus
    mechanism_code = ConsMechanismMH
    location_type_code = ActLocTypeCode
    duration_minutes = ClinContDurOfCareCont
""")
NELFT_REFERRALS = columns("""
    referral_id = referral_id
    nhs_number = nhs_number
    nhs_number_status_code = nhs_number_status
    local_patient_id = rio_id
    family_name = surname
    given_name = forename
    birth_date = date_of_birth
    sex_code = gender
    ethnic_category_code = ethnicity
    postcode = postcode
    gp_practice_code = gp_practice
    service_type_code = team_type
    source_of_referral_code = referral_source
    priority_code = urgency
    reason_code = referral_reason
    received_on = referral_date
    received_time = referral_received_at
    rejected_on = rejection_date
    closed_on = discharge_date
    close_reason_code = discharge_reason
    is_deleted = deleted
""")
NELFT_CONTACTS = columns("""
    contact_id = contact_id
    referral_id = referral_id
    local_patient_id = rio_id
    contact_on = contact_date
    contact_time = contact_start
    attendance_code = outcome
    mechanism_code = medium
    location_type_code = location
    duration_minutes = minutes
    is_deleted = deleted
""")
PRIORITY = {"1": "3", "2": "2", "5": "1", "6": "4"}  # to ClinRespPriorityType
NELFT_WORDS = {
    "sex_code": {"1": "1", "2": "2", "9": "9", "X": "0"},
    "priority_code": {"1": "routine", "2": "urgent", "4": "2 hours", "5": "emergency", "6": "very urgent"},
    "attendance_code": {
        "5": "attended",
        "6": "attended late",
        "7": "too late",
        "3": "dna",
        "2": "cancelled by patient",
        "4": "cancelled by trust",
    },
    "mechanism_code": {"01": "face to face", "02": "telephone", "11": "video"},
}
HABITS = (
    Habit(
        "eput",
        MH,
        "mh_referrals",
        "EPUT_MHSDS_REFERRALS_{day:%Y%m}.csv",
        EPUT_REFERRALS,
        {"sex_code": {"1": "M", "2": "F", "9": "I", "X": "U"}, "priority_code": PRIORITY},
        encoding="cp1252",
    ),
    Habit("eput", MH, "mh_contacts", "EPUT_MHSDS_CONTACTS_{day:%Y%m}.csv", EPUT_CONTACTS, {}, encoding="cp1252"),
    Habit("nelft", MH, "mh_referrals", "mh_referrals {day:%Y%m}.jsonl", NELFT_REFERRALS, NELFT_WORDS),
    Habit("nelft", MH, "mh_contacts", "mh_contacts {day:%Y%m}.jsonl", NELFT_CONTACTS, NELFT_WORDS),
)


def partners(habits: tuple[Habit, ...]) -> tuple[tuple[str, Callable[[World, Path, int], Sent]], ...]:
    """What is played, and how, for each habit."""

    def player(habit: Habit) -> Callable[[World, Path, int], Sent]:
        send = send_referrals if habit.table.endswith("referrals") else send_contacts
        return lambda world, landing, seed: send(world, landing, seed, habit)

    return tuple((f"{habit.partner} {habit.table.replace('_', ' ')}", player(habit)) for habit in habits)


PARTNERS = partners(HABITS)
