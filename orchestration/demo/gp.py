"""The practices' records: who is registered where, what is entered, prescribed and booked. The truth of them. F 2.12.

A record belongs to one practice. Who moves to another gets a new record there, into which the problems of the old one
are imported. Everything stands in the record that is open on its day; what is older than the first record that the hub
knows was imported when that record began.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from orchestration.demo import gp_entries, restricted_codes
from orchestration.demo.dirt import rate
from orchestration.demo.gp_codes import Codes, Medicines, load_codes, load_medicines
from orchestration.demo.gp_entries import FAMILY, IMPORTED, MISTAKE, NOTHING, PROBLEM, Clinic, Entries
from orchestration.demo.gp_medication import prescriptions
from orchestration.demo.health import Health
from orchestration.demo.population import age_on, load_geography
from orchestration.demo.rates import Period
from orchestration.demo.table import Table, rng_for, size, take

SPAN = np.int64(1) << 24  # of days: 1970 to 16,000 years later
EARLY = np.int64(1) << 18
NO_DAY = -(1 << 17)
LOOK_BACK = 15 * 31  # days that reviews, prescriptions and checks reach back, however short the demo
FHIR = 3  # the habit of a practice on another system, which exports FHIR (fhir_feed)
CHANGES_SYSTEM = 60  # one practice in so many changes its system in the middle of the demo


@dataclass
class Records:
    """patients: a row per record of a person at a practice; events, medication, appointments: rows of `patient`.

    events        event_id, patient, code (place in `codes`), day, recorded, value (hundredths), flags, ended, copy_of
    medication    issue_id, patient, medicine (place), day, duration, quantity, is_repeat
    appointments  appointment_id, patient, starts_at and booked_at (local), status, mode, staff, slot, minutes ...
    first, last   days of the demo, as numbers
    """

    patients: Table
    events: Table
    medication: Table
    appointments: Table
    codes: Codes
    medicines: Medicines
    first: int
    last: int


def make_records(
    period: Period, people: Table, registrations: Table, health: Health, seeds: Path, seed: int
) -> Records:
    codes, medicines = load_codes(seeds), load_medicines(seeds)
    rng = rng_for(seed, "practices")
    begins, last = (int(np.datetime64(day, "D").astype("int64")) for day in (period.start, period.end))
    first = min(begins, last - LOOK_BACK)
    patients = make_patients(period, people, registrations, seeds, seed)
    last_day = np.full(size(people), last)
    dead = ~np.isnat(people["died_on"])
    last_day[dead] = np.minimum(last_day[dead], people["died_on"][dead].astype("int64"))
    age = np.maximum(age_on(people["birth_date"], np.full(size(people), np.datetime64(period.end, "D"))), 0)
    birth = people["birth_date"].astype("datetime64[D]").astype("int64")
    clinic = Clinic(codes, health, people, rng, first, last, age, birth, Entries())
    appointments = make_appointments(begins, last, age, health, rng_for(seed, "practice appointments"))
    clinic_days = appointments["status"] == 0
    gp_entries.conditions(clinic)
    gp_entries.frailty(clinic)
    gp_entries.checks(clinic)
    gp_entries.births(clinic)
    gp_entries.opt_outs(clinic)
    everyday = Clinic(codes, health, people, rng, begins, last, age, birth, clinic.out)
    gp_entries.everyday(everyday, appointments["person"][clinic_days], appointments["day"][clinic_days])
    events = _placed(clinic.out.table(), patients, birth, last_day, first)
    events = _with_copies(events, patients, rng)
    order = np.argsort(events["recorded"] * np.int64(1 << 32) + events["patient"], kind="stable")
    events = take(events, order)
    row_now = np.empty(len(order), dtype="int64")
    row_now[order] = np.arange(len(order))
    copied = events["copy_of"] >= 0
    events["copy_of"][copied] = row_now[events["copy_of"][copied]]
    events["event_id"] = 700_000_000 + np.arange(len(order), dtype="int64") * 3
    events = written(period, events, patients, codes, rng_for(seed, "practices write"))
    events = _with_restricted(events, patients, people, codes, seed)
    issued = prescriptions(clinic, medicines, rng_for(seed, "prescriptions"))
    issued = _in_record(issued, "day", patients, last_day, first)
    issued = take(issued, np.argsort(issued["day"], kind="stable"))
    issued["issue_id"] = 300_000_000 + np.arange(size(issued), dtype="int64") * 3
    booked = _in_record(appointments, "day", patients, last_day, begins, open_end=True)
    booked["appointment_id"] = 500_000_000 + np.arange(size(booked), dtype="int64") * 3
    return Records(patients, events, issued, booked, codes, medicines, begins, last)


def make_patients(period: Period, people: Table, registrations: Table, seeds: Path, seed: int) -> Table:
    """A record for each stretch of registration; a move within a practice changes the address of one record."""
    rng = rng_for(seed, "practice records")
    table = {name: column.copy() for name, column in registrations.items()}
    same = np.zeros(size(table), dtype=bool)
    same[1:] = (
        (table["person"][1:] == table["person"][:-1])
        & (table["gp_practice_code"][1:] == table["gp_practice_code"][:-1])
        & (table["registered_on"][1:] == table["ended_on"][:-1])
    )
    later = np.flatnonzero(same)
    moved = np.full(size(table), np.datetime64("NaT"), dtype="datetime64[D]")
    moved[later - 1] = table["registered_on"][later]
    for name in ("lsoa_code", "postcode"):
        table[f"{name}_2"] = table[name].copy()
        table[f"{name}_2"][later - 1] = table[name][later]
    table["ended_on"][later - 1] = table["ended_on"][later]
    table["address_changed_on"] = moved
    table = take(table, ~same)
    count = size(table)
    died = people["died_on"][table["person"]]
    final = np.ones(count, dtype=bool)
    final[:-1] = table["person"][1:] != table["person"][:-1]
    table["end_reason"] = np.where(
        np.isnat(table["ended_on"]),
        None,
        np.where(final & ~np.isnat(died), "died", np.where(rng.random(count) < 0.9, "moved", "other")),
    ).astype(object)
    table["died_on"] = np.where(final, died, np.datetime64("NaT"))
    table["patient_id"] = 4_000_000 + (np.arange(count, dtype="int64") * 7_919 + int(rng.integers(0, 5_000))) * 2
    _, practice = load_geography(seeds)
    place = {code: number for number, code in enumerate(practice["gp_practice_code"])}
    number = np.array([place.get(code, 0) for code in table["gp_practice_code"]], dtype="int64")
    table["habit"] = np.where(number % 50 == 22, FHIR, np.where(np.isin(number % 5, (1, 3)), 2, 1))
    middle = np.datetime64(period.start, "D") + np.timedelta64(len(period.days) // 2, "D")
    table["system_changed_on"] = np.where(number % CHANGES_SYSTEM == 8, middle, np.datetime64("NaT"))
    return table


def _key(person: np.ndarray, day: np.ndarray) -> np.ndarray:
    return person.astype("int64") * SPAN + day.astype("int64") + EARLY


def row_of(patients: Table, person: np.ndarray, day: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The record of a person on a day, and whether it was open. Before the first one: the first, not open."""
    starts = _key(patients["person"], patients["registered_on"].astype("datetime64[D]").astype("int64"))
    row = np.searchsorted(starts, _key(person, day), side="right") - 1
    before = (row < 0) | (patients["person"][np.maximum(row, 0)] != person)
    row = np.where(before, row + 1, row)
    known = (row < len(starts)) & (patients["person"][np.minimum(row, len(starts) - 1)] == person)
    return np.where(known, row, -1), ~before


def _end(patients: Table) -> np.ndarray:
    ended = patients["ended_on"]
    return np.where(np.isnat(ended), np.int64(1) << 20, ended.astype("datetime64[D]").astype("int64"))


def _in_record(
    table: Table, name: str, patients: Table, last_day: np.ndarray, first: int, open_end: bool = False
) -> Table:
    """Rows of people in the record that is open on the day; others are dropped."""
    row, is_open = row_of(patients, table["person"], table[name])
    keep = is_open & (row >= 0) & (table[name] >= first)
    keep &= table[name] < _end(patients)[np.maximum(row, 0)]
    keep &= (table[name] <= last_day[table["person"]]) | (open_end & (table[name] > last_day.max()))
    table = take(table, keep)
    table["patient"] = row[keep]
    return table


def _placed(table: Table, patients: Table, birth: np.ndarray, last_day: np.ndarray, first: int) -> Table:
    """Entries in the record where they stand. What is older than the record was imported when it began."""
    table["day"] = np.maximum(table["day"], birth[table["person"]]).astype("int32")
    keep = table["day"] <= last_day[table["person"]]
    table = take(table, keep)
    row, is_open = row_of(patients, table["person"], table["day"])
    start = patients["registered_on"].astype("datetime64[D]").astype("int64")
    within = is_open & (table["day"] < _end(patients)[np.maximum(row, 0)])
    # who comes from elsewhere brings the problems along, and nothing of everyday life from before the last year
    brought = ~is_open & ((table["day"] >= start[np.maximum(row, 0)] - 400) | (table["flags"] & PROBLEM > 0))
    brought |= ~is_open & (table["day"] < first)
    keep = (row >= 0) & (within | brought)
    table = take(table, keep)
    row, is_open = row[keep], is_open[keep]
    recorded = np.where(is_open, table["day"], start[row] + 6)
    # the same for all that is entered of one day, so that two halves of a blood pressure stay together
    mixed = (table["person"].astype("int64") * 2_654_435 + table["day"] * np.int64(40_503)) >> 4
    lag = np.where(mixed % 100 < 12, mixed // 100 % 8 + 1, 0)
    table["recorded"] = np.minimum(recorded + lag, np.maximum(last_day[table["person"]], recorded)).astype("int32")
    table["flags"] = np.where(is_open, table["flags"], table["flags"] | IMPORTED).astype("int8")
    table["patient"] = row.astype("int32")
    table["copy_of"] = np.full(len(row), -1, dtype="int32")
    # a problem that ends later than the record was last told of is still open
    table["ended"] = np.where(table["ended"] > last_day[table["person"]], NOTHING, table["ended"]).astype("int32")
    # the record of somebody who came after the end of the demo is not there yet
    here = table["recorded"] <= last_day[table["person"]]
    return take(table, here)


def _with_copies(events: Table, patients: Table, rng: np.random.Generator) -> Table:
    """Problems that a move takes along into the new record, and all that a change of system enters anew."""
    start = patients["registered_on"].astype("datetime64[D]").astype("int64")
    follows = np.full(size(patients), -1)
    again = np.flatnonzero(patients["person"][1:] == patients["person"][:-1])
    follows[again] = again + 1
    moving = np.flatnonzero((events["flags"] & PROBLEM > 0) & (follows[events["patient"]] >= 0))
    copy = take(events, moving)
    copy["copy_of"] = moving.astype("int32")
    copy["patient"] = follows[copy["patient"]].astype("int32")
    copy["recorded"] = (start[copy["patient"]] + rng.integers(2, 12, len(moving))).astype("int32")
    changed = patients["system_changed_on"].astype("datetime64[D]").astype("int64")
    switched = np.flatnonzero(
        ~np.isnat(patients["system_changed_on"][events["patient"]]) & (events["recorded"] < changed[events["patient"]])
    )
    other = take(events, switched)
    other["copy_of"] = switched.astype("int32")
    other["recorded"] = changed[other["patient"]].astype("int32")
    for one in (copy, other):
        one["flags"] = (one["flags"] | IMPORTED).astype("int8")
    last = int(events["recorded"].max(initial=0))
    table = {name: np.concatenate([events[name], copy[name], other[name]]) for name in events}
    return take(table, table["recorded"] <= last)


def written(period: Period, events: Table, patients: Table, codes: Codes, rng: np.random.Generator) -> Table:
    """How each entry is written, and what is wrong with it (dirt.py); `counts` where it is one that the hub must hold.

    second      written with habit 2
    pair        for a diastolic pressure in one text with the systolic one: the row of that; else -1
    diastolic   the other half of that text, NOTHING elsewhere
    told        day that the record tells: NO_DAY for 1 January 1900, which says nothing; ahead: a day after the entry
    resent      0 once; 1 again unchanged, 2 again put right, 3 again as withdrawn
    """
    count = size(events)
    changed = patients["system_changed_on"][events["patient"]].astype("datetime64[D]")
    since = np.where(np.isnat(changed), np.int64(1) << 20, changed.astype("int64"))
    events["second"] = (patients["habit"][events["patient"]] == 2) & (events["recorded"] < since)
    systolic = np.flatnonzero(np.isin(events["code"], codes.cluster["BPSYS_COD"]))
    lower = np.flatnonzero(np.isin(events["code"], codes.cluster["BPDIA_COD"]))
    events["pair"], events["diastolic"] = np.full(count, -1), np.full(count, NOTHING, dtype="int32")
    # the system's own code of a blood pressure says no more than that
    for rows, cluster in ((systolic, "BPSYS_COD"), (lower, "BPDIA_COD")):
        events["code"][rows[events["second"][rows]]] = codes.first(cluster)
    fhir = patients["habit"][events["patient"]] == FHIR
    joined = events["second"][lower] | fhir[lower]
    events["pair"][lower[joined]] = systolic[joined]
    events["diastolic"][systolic[joined]] = events["value"][lower[joined]]

    final_month = int(np.datetime64(period.end, "M").astype("datetime64[D]").astype("int64"))
    plain = (events["flags"] & (PROBLEM | FAMILY | MISTAKE)) == 0
    number = events["value"] != NOTHING
    can_follow = events["recorded"] < final_month
    mistake = events["flags"] & MISTAKE > 0

    def few(kind: str, eligible: np.ndarray) -> np.ndarray:
        return (rng.random(count) < rate(kind, "gp_events")) & eligible & ~fhir

    routine = plain & (codes.cluster_of == "")[events["code"]]
    unknown = few("local_code_unknown", routine & events["second"])
    in_text = few("value_in_text", number & (events["diastolic"] == NOTHING))
    wild = few(
        "value_implausible",
        np.isin(events["code"], np.concatenate([codes.cluster["BMIVAL_COD"], codes.cluster["CHOL_COD"]])),
    )
    percent = few("hba1c_in_percent", ~events["second"] & np.isin(events["code"], codes.cluster["HBA1C_COD"]))
    untypable = few("untypable_date", routine)
    objection = np.isin(events["code"], [codes.first(f"OPT_OUT_TYPE_1_{name}") for name in ("DISSENT", "WITHDRAWAL")])
    plain &= ~objection
    old = few("event_date_default", ~untypable & ~objection)
    ahead = few("event_in_future", plain & ~old & ~untypable)
    place = rng.random(count)
    edge = np.cumsum([rate(kind, "gp_events") for kind in ("resubmitted", "corrected")])
    resent = np.where(can_follow & ~mistake, np.select([place < edge[0], place < edge[1]], [1, 2], 0), 0)
    resent = np.where(mistake, 3, np.where((resent == 2) & (~number | wild), 1, resent))
    told = np.where(old, NO_DAY, np.where(ahead, events["recorded"] + 365, events["day"]))
    events |= {
        "unknown": unknown, "in_text": in_text, "wild": wild, "percent": percent, "untypable": untypable, "old": old,
        "ahead": ahead, "resent": resent.astype("int8"), "told": told.astype("int32"),
    }  # fmt: skip
    joined = np.flatnonzero(events["pair"] >= 0)
    for name in ("unknown", "in_text", "wild", "percent", "untypable", "old", "ahead", "resent", "told"):
        events[name][joined] = events[name][events["pair"][joined]]
    events["counts"] = ~(mistake | untypable | unknown) & (events["flags"] & FAMILY == 0)
    # a mistake that no later file could withdraw was never made
    keep = can_follow | ~mistake
    row_now = np.cumsum(keep) - 1
    for name in ("pair", "copy_of"):
        events[name] = np.where(events[name] >= 0, row_now[events[name]], -1)
    return take(events, keep)


def _with_restricted(events: Table, patients: Table, people: Table, codes: Codes, seed: int) -> Table:
    """Entries that law or local rule restricts, each beside another of its record and day."""
    who, count = patients["person"][events["patient"]], size(events)
    fhir = patients["habit"][events["patient"]] == FHIR
    beside = (events["flags"] == 0) & (events["value"] == NOTHING) & events["counts"] & (events["resent"] == 0)
    beside &= (codes.cluster_of[events["code"]] == "") & (events["told"] == events["day"])
    beside &= restricted_codes.is_adult(people, who, events["day"].astype("int64").astype("datetime64[D]"))
    # a practice of habit 2 writes the codes of its own system, which has none for these
    feeds = {"gp_events": ~events["second"] & ~fhir, "fhir_conditions": fhir, "fhir_observations": fhir}
    parts = [events]
    for feed, eligible in feeds.items():
        here, rng = restricted_codes.pick(feed, seed, beside & eligible, 2)
        sent = restricted_codes.codes_for("snomed", restricted_codes.is_woman(people, who[here]), rng)
        more = take(events, here)
        more["code"] = np.array([codes.place[code] for code in sent], dtype=events["code"].dtype)
        is_problem = np.full(len(here), feed != "fhir_observations") & (fhir[here] | (np.arange(len(here)) % 3 < 2))
        more["flags"] = np.where(is_problem, PROBLEM, 0).astype(events["flags"].dtype)
        more["copy_of"] = np.full(len(here), -1, dtype=events["copy_of"].dtype)
        # the numbers of the other entries are multiples of three
        more["event_id"] = more["event_id"] + 1
        parts.append(more)
    events = {name: np.concatenate([part[name] for part in parts]) for name in events}
    events["is_restricted"] = np.arange(size(events)) >= count
    removed = [codes.place[row["code"]] for row in restricted_codes.listed("snomed") if row["action"] == "drop"]
    events["counts"] &= ~(events["is_restricted"] & np.isin(events["code"], removed))
    return events


def make_appointments(first: int, last: int, age: np.ndarray, health: Health, rng: np.random.Generator) -> Table:
    """About six a year for each person (F 7.2), on working days; some are booked for after the end of the demo."""
    weight = np.select([age < 5, age < 18, age < 40, age < 65, age < 80], [1.1, 0.5, 0.75, 1.0, 1.6], 2.0)
    weight = weight * (0.55 + 1.3 * health.need)
    years = (last - first + 1) / 365.25
    count = rng.poisson(6.0 * 1.03 * len(age) * years)
    edge = np.cumsum(weight)
    person = np.searchsorted(edge, rng.random(count) * edge[-1], side="right")
    ahead = 28
    days = np.arange(first, last + 1 + ahead)
    share = np.array([1.15, 1.08, 1.0, 1.02, 0.95, 0.05, 0.005])[(days + 3) % 7]
    coming = np.where(days > last, np.linspace(0.55, 0.08, len(days))[::1] * 0.5, 1.0)
    total = np.cumsum(share * coming)
    day = days[np.searchsorted(total, rng.random(count) * total[-1], side="right")]
    slot = np.sort(rng.integers(0, 126, count))[rng.permutation(count)] * 5 + 8 * 60
    lead = np.array([0, 1, 4, 11, 18, 25, 34])[
        np.searchsorted(np.cumsum([44, 8, 20, 13, 7, 4, 4]), rng.random(count) * 100, side="right")
    ]
    lead = np.where(lead > 1, lead + rng.integers(-2, 3, count), lead)
    lead = np.where(day > last, np.maximum(lead, day - last), lead)
    booked = (day - lead) * 1440 + np.where(
        lead == 0, np.maximum(slot - rng.integers(10, 300, count), 8 * 60 - 20), rng.integers(8 * 60, 18 * 60, count)
    )
    status = np.searchsorted(np.cumsum([88.5, 4.6, 5.2, 1.7]), rng.random(count) * 100, side="right")
    status = np.where(day > last, 4, status)  # 0 seen, 1 did not attend, 2 cancelled, 3 nobody said, 4 to come
    mode = np.searchsorted(np.cumsum([64, 26, 1.6, 4.6, 3.8]), rng.random(count) * 100, side="right")
    staff = np.searchsorted(np.cumsum([44, 52, 4]), rng.random(count) * 100, side="right")
    acute = (lead == 0) & (rng.random(count) < 0.7)
    kind = np.where(
        mode == 2, 3, np.where(acute, 0, np.where(rng.random(count) < 0.62, 1, np.where(rng.random(count) < 0.8, 2, 4)))
    )
    planned = np.array([10, 10, 20, 30, 15])[kind]
    table = {
        "person": person,
        "day": day,
        "starts_at": (day * 1440 + slot).astype("datetime64[m]"),
        "booked_at": np.minimum(booked, day * 1440 + slot).astype("datetime64[m]"),
        "status": status,
        "mode": mode,
        "staff": staff,
        "slot": kind,
        "planned": planned,
        "actual": np.where(
            status == 0, np.clip(np.round(planned * rng.lognormal(0.0, 0.45, count)), 1, 120), -1
        ).astype("int64"),
    }
    order = np.lexsort((person, table["starts_at"]))
    table = take(table, order)
    once = np.ones(count, dtype=bool)
    once[1:] = (table["person"][1:] != table["person"][:-1]) | (table["starts_at"][1:] != table["starts_at"][:-1])
    return take(table, once)
