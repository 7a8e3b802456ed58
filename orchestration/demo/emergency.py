"""Emergency department attendances: by ambulance, sent by 111, through the front door. Times F 7.3, codes F 2.1."""

from __future__ import annotations

import numpy as np

from orchestration.demo import clock, population, rates
from orchestration.demo.rates import Period, Picker
from orchestration.demo.table import Table, choose, minutes, rng_for, seconds, size, take, words

ROAD_AMBULANCE, OTHER_AMBULANCE = "1048031000000100", "1048021000000102"
ARRIVAL_MODE = {
    "1048071000000103": 79,
    "1048061000000105": 15,
    OTHER_AMBULANCE: 4.0,
    "1048001000000106": 1.2,
    "1047991000000102": 0.2,
    "1048051000000107": 0.1,
}
ARRIVAL_MODE_AMBULANCE = {ROAD_AMBULANCE: 96, "1048041000000109": 4}
ACUITY = {
    "1064891000000107": 2,
    "1064911000000105": 17,
    "1064901000000108": 48,
    "1077241000000103": 29,
    "1077251000000100": 4,
}
ACUITY_MINOR = {"1064901000000108": 6, "1077241000000103": 64, "1077251000000100": 30}
HOME, WARD, CDU, SDEC, TRANSFER, MORTUARY = (
    "306689006",
    "306706006",
    "1066331000000109",
    "1066341000000100",
    "19712007",
    "305398007",
)
DESTINATION_ADMITTED = {
    WARD: 62,
    CDU: 11,
    SDEC: 14,
    "1874161000000104": 2,
    "1066361000000104": 2.5,
    "1066371000000106": 3,
    "1066391000000105": 2,
    TRANSFER: 3.5,
}
DESTINATION_HOME = {HOME: 94.5, "306691003": 1.8, "306694006": 1.7, "306705005": 0.5, "1066351000000102": 1.5}
COMPLETE, LEFT_BEFORE_ASSESSMENT, LEFT_AFTER_ASSESSMENT, LEFT_BEFORE_TREATMENT = (
    "182992009",
    "1066301000000103",
    "1066311000000101",
    "1066321000000107",
)
STREAMED_GP, STREAMED_UTC, STREAMED_ED = "1077021000000100", "1077031000000103", "1077781000000101"
DEAD_ON_ARRIVAL, DIED = "63238001", "75004002"
STATUS = {
    COMPLETE: 90.6,
    LEFT_BEFORE_ASSESSMENT: 1.6,
    LEFT_AFTER_ASSESSMENT: 1.6,
    LEFT_BEFORE_TREATMENT: 1.4,
    STREAMED_GP: 1.9,
    STREAMED_UTC: 1.3,
    STREAMED_ED: 0.2,
    "1077081000000104": 0.8,
    "1077041000000107": 0.6,
}
LEFT = (LEFT_BEFORE_ASSESSMENT, LEFT_AFTER_ASSESSMENT, LEFT_BEFORE_TREATMENT)
STREAMED = (STREAMED_GP, STREAMED_UTC, STREAMED_ED)
COMPLAINT = {
    "29857009": 12,
    "267036007": 9,
    "21522001": 12,
    "25064002": 5,
    "386661006": 6,
    "271594007": 4,
    "161898004": 9,
    "82271004": 6,
    "161891005": 6,
    "248062006": 1.5,
    "272022009": 1,
    "48694002": 1.5,
    "6471006": 0.8,
    "22298006": 1,
    "230690007": 1.4,
    "84757009": 1,
}
DIAGNOSIS = {
    "195967001": 3,
    "13645005": 3,
    "233604007": 5,
    "50417007": 5,
    "54150009": 6,
    "6142004": 2,
    "195951007": 3,
    "90176007": 3,
    "68566005": 7,
    "84757009": 2,
    "22298006": 2,
    "230690007": 2,
    "29857009": 9,
    "21522001": 9,
    "25064002": 4,
    "271594007": 4,
    "82271004": 7,
    "161891005": 5,
    "197480006": 2,
    "35489007": 1,
    "52448006": 2,
    "2776000": 1,
}
COVID = "840539006"
CATEGORY = {"1": 94.4, "2": 2.6, "3": 0.9, "4": 2.1}
OTHER_TYPE_SHARE = {"RAJ01": 0.195, "RAJ12": 0.085, "RAJ32": 0.07}
ADMISSION_BY_AGE = (0.75, 0.42, 0.62, 0.95, 1.35, 1.6, 1.75)
BOOKED_IN = 0.925  # of who comes by ambulance; the others go straight to a ward or unit and are never in the ED record
PREFIX = {"RAJ01": "E", "RAJ12": "BAS-A", "RAJ32": "BE"}


def make_attendances(
    period: Period,
    residents: int,
    people: Table,
    calls: Table,
    incidents: Table,
    picker: Picker,
    occupied: dict[str, np.ndarray],
    seed: int,
) -> Table:
    """Attendances in order of arrival, with the incident and the call that led to them (rows, or -1)."""
    rng = rng_for(seed, "ed")
    came = _arrivals(rng, period, residents, calls, incidents, picker)
    count = size(came)
    site, who, arrived = came["site"], came["person"], came["arrived_at"]
    by_ambulance = came["incident"] >= 0
    age = population.ages(people, who, arrived)

    department = np.full(count, "01", dtype=object)
    place = rng.random(count)
    other = np.array([OTHER_TYPE_SHARE[name] for name in rates.SITES])[site]
    department[~by_ambulance & (place < other)] = "03"
    department[~by_ambulance & (place >= other) & (place < other + 0.022)] = "05"
    department[~by_ambulance & (place >= other + 0.022) & (place < other + 0.034)] = "02"
    major, minor = department == "01", department == "03"

    mode = np.where(by_ambulance, choose(rng, ARRIVAL_MODE_AMBULANCE, count), choose(rng, ARRIVAL_MODE, count))
    helped = by_ambulance | (mode == OTHER_AMBULANCE)
    chance = np.array(ADMISSION_BY_AGE)[rates.band_of(age)] * np.where(helped, 0.44, 0.26)
    chance = np.where(major, chance, np.where(minor, 0.008, 0.09))
    admitted = rng.random(count) < np.minimum(chance, 0.9)
    category = choose(rng, CATEGORY, count)
    status = np.where(admitted | by_ambulance & (rng.random(count) < 0.85), COMPLETE, choose(rng, STATUS, count))
    admitted &= category != "4"
    left, streamed = np.isin(status, LEFT) & ~admitted, np.isin(status, STREAMED) & ~admitted
    destination = np.where(admitted, choose(rng, DESTINATION_ADMITTED, count), choose(rng, DESTINATION_HOME, count))
    destination = np.where(left | streamed, HOME, destination)

    day = np.clip((clock.local_date(arrived) - period.days[0]).astype("int64"), 0, len(period.days) - 1)
    strain = rates.pressure(np.array([occupied[name] for name in rates.SITES])[site, day]) / 1.11
    stay = _stay(rng, admitted, major, left, streamed, strain)
    departed = arrived + minutes(stay)

    never = np.datetime64("NaT")
    first = np.exp(rng.normal(np.log(np.where(by_ambulance, 9.0, 11.5)), 0.72, count))
    first = np.minimum(np.maximum(first * strain, 1), stay * 0.6)
    assessed = (rng.random(count) >= 0.03) & (status != LEFT_BEFORE_ASSESSMENT)
    assessed_at = np.where(assessed, arrived + minutes(first), never)
    doctor = np.exp(rng.normal(np.log(np.where(major, 68.0, 45.0)), 0.8, count)) * strain
    doctor = np.minimum(np.maximum(doctor, first + 1), stay * 0.8)
    unseen = np.isin(status, (LEFT_BEFORE_ASSESSMENT, LEFT_AFTER_ASSESSMENT)) | streamed
    seen_at = np.where(unseen, never, arrived + minutes(doctor))
    decision = stay - np.exp(rng.normal(np.log(400), 1.1, count))
    decision = np.minimum(np.maximum(decision, doctor), stay - 1)
    decided_at = np.where(admitted, arrived + minutes(decision), never)
    ready = np.minimum(decision + rng.exponential(20, count), stay)
    ready_home = np.maximum(stay - rng.uniform(3, 45, count), doctor)
    ready = np.where(admitted, ready, ready_home)
    ready_at = np.where(
        admitted | (~left & (rng.random(count) < 0.35)), arrived + minutes(np.minimum(ready, stay)), never
    )

    share = rates.covid_share(clock.local_date(arrived)) * np.where(admitted, 1.5, 0.8)
    covid = (rng.random(count) < share) & ~streamed & ~left
    diagnosis = np.where(covid, COVID, choose(rng, DIAGNOSIS, count))
    attendances = {
        "site_code": words(rates.SITES)[site],
        "department_type_code": department,
        "person": who,
        "call": came["call"],
        "incident": came["incident"],
        "arrival_mode_code": mode,
        "attendance_category_code": category,
        "arrived_at": arrived,
        "initial_assessment_at": assessed_at,
        "seen_for_treatment_at": seen_at,
        "decided_to_admit_at": decided_at,
        "clinically_ready_to_proceed_at": ready_at,
        "departed_at": departed,
        "acuity_code": np.where(major, choose(rng, ACUITY, count), choose(rng, ACUITY_MINOR, count)),
        "chief_complaint_code": choose(rng, COMPLAINT, count),
        "diagnosis_code": np.where(left | streamed, None, diagnosis),
        "discharge_status_code": status,
        "discharge_destination_code": destination,
        "has_covid": covid,
    }
    attendances["acuity_code"][rng.random(count) < 0.05] = None
    attendances["attendance_id"] = _attendance_ids(attendances["site_code"])
    return attendances


def _arrivals(
    rng: np.random.Generator, period: Period, residents: int, calls: Table, incidents: Table, picker: Picker
) -> Table:
    """Who comes, when, where and by which door."""
    ours = np.isin(incidents["receiving_site_code"], rates.SITES) & ~incidents["is_test_call"]
    brought = np.flatnonzero(ours & (rng.random(size(incidents)) < BOOKED_IN))
    # the clock starts at handover, or 15 minutes after the ambulance stops where that comes first
    stop = incidents["arrived_hospital_at"][brought]
    brought_at = np.minimum(incidents["handover_at"][brought], stop + seconds(np.full(len(brought), 900.0)))
    sent = np.flatnonzero((calls["disposition_group"] == "ed") & (rng.random(size(calls)) < 0.66))
    sent_at = calls["ends_at"][sent] + minutes(np.exp(rng.normal(np.log(75), 0.7, len(sent))))
    walked_at = rates.moments(rng, period, residents, rates.WALK_INS, "ed", "ed", "ed")
    sent_who, walked_who = calls["person"][sent], picker.draw(rng, "ed", walked_at)
    site_row = {name: row for row, name in enumerate(rates.SITES)}
    brought_site = np.array([site_row[name] for name in incidents["receiving_site_code"][brought]], dtype="int64")
    came = {
        "arrived_at": np.concatenate([brought_at, sent_at, walked_at]).astype("datetime64[m]").astype("datetime64[s]"),
        "person": np.concatenate([incidents["person"][brought], sent_who, walked_who]),
        "site": np.concatenate([brought_site, picker.nearest(rng, sent_who), picker.nearest(rng, walked_who)]),
        "incident": np.concatenate([brought, np.full(len(sent) + len(walked_at), -1)]),
        "call": np.concatenate([incidents["call"][brought], sent, np.full(len(walked_at), -1)]),
    }
    order = np.argsort(came["arrived_at"], kind="stable")
    return take(came, order[came["arrived_at"][order] < period.ends])


def _stay(
    rng: np.random.Generator,
    admitted: np.ndarray,
    major: np.ndarray,
    left: np.ndarray,
    streamed: np.ndarray,
    strain: np.ndarray,
) -> np.ndarray:
    """Minutes in the department, whole. Log-normal (F 7.3); medians such that 4 hours is met by 67 % (F 7.2)."""
    count = len(admitted)
    home = np.exp(rng.normal(np.log(143), 0.52, count))
    waiting_long = np.exp(rng.normal(np.log(660), 0.45, count))  # mental health beds, care at home, transport
    home = np.where(major & (rng.random(count) < 0.105), waiting_long, home)
    bed = np.exp(rng.normal(np.log(375), 0.93, count))
    quick = np.exp(rng.normal(np.log(95), 0.45, count))
    stay = np.where(admitted, bed, np.where(major, home, quick)) * strain
    stay = np.where(left, np.exp(rng.normal(np.log(150), 0.6, count)), stay)
    stay = np.where(streamed, rng.uniform(10, 45, count), stay)
    return np.round(np.clip(stay, 8, 71 * 60))


def _attendance_ids(site: np.ndarray) -> np.ndarray:
    ids = np.empty(len(site), dtype=object)
    for code, prefix in PREFIX.items():
        here = np.flatnonzero(site == code)
        ids[here] = words([f"{prefix}{number:08d}" for number in range(10_000_001, 10_000_001 + len(here))])
    return ids
