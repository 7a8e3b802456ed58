"""The practices' records as SystmOne's extract sends them: a file a month and table, the first with all before it.

Practices have two habits. Habit 1 writes SNOMED CT, HbA1c in mmol/mol and two entries for a blood pressure. Habit 2
writes its own system's codes, HbA1c in per cent, blood pressure as one text, smoking as cigarettes a day, and names
medicines only in words. A row says nothing of its habit: it shows in which columns are filled.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from orchestration.demo import clock, formats, restricted_codes
from orchestration.demo.delivery import Schedule, months
from orchestration.demo.dirt import DirtLog, rate
from orchestration.demo.gp import FHIR, row_of
from orchestration.demo.gp_codes import BLOOD_PRESSURE, CIGARETTES, PERCENT, UNKNOWN_LOCAL
from orchestration.demo.gp_entries import CONFIDENTIAL, FAMILY, IMPORTED, NOTHING, PROBLEM
from orchestration.demo.identity import identity
from orchestration.demo.sending import Sent
from orchestration.demo.table import Table, listed, rng_for, size, take, words
from orchestration.demo.world import World

FOLDER = "primary_care"
SEX = {"1": "M", "2": "F", "9": "I", "X": "U"}
END_REASON = {"moved": "Departed", "died": "Death", "other": "Other"}
MODES = (("Face to Face", "F2F"), ("Telephone", "TEL"), ("Home Visit", "HV"), ("Video/Online", "ONLINE"), ("", ""))
STAFF = ("GP", "Other Practice Staff", "")
SLOTS = (
    "General Consultation Acute",
    "General Consultation Routine",
    "Planned Clinics",
    "Home Visit",
    "Clinical Triage",
)
SEEN = {"Finished": 82, "Arrived": 6, "In Progress": 4, "Waiting": 1, "Patient Walked Out": 1}
CANCELLED = {"Cancelled by Patient": 60, "Cancelled by Unit": 35, "Cancelled by Other Service": 5}
NOBODY_SAID = "Blocked"
DAY = np.dtype("datetime64[D]")
IMPOSSIBLE = -(1 << 18)
FEW = 1 << 22


def _csv(header: list[str], columns: list[Any]) -> bytes:
    """Plain comma-separated text; no value holds a comma, a quote or a line break."""
    import pyarrow as pa
    import pyarrow.csv as csv

    table = pa.table(
        [pa.array(one, pa.string()) if isinstance(one, np.ndarray) else one for one in columns], names=header
    )
    out = io.BytesIO()
    options = csv.WriteOptions(include_header=False, quoting_style="none")
    csv.write_csv(table, out, options)
    return ",".join(header).encode() + b"\n" + out.getvalue()


def _looked_up(numbers: np.ndarray, text: Callable[[np.ndarray], list[str]], empty: np.ndarray | None = None) -> Any:
    """Texts of numbers, each different one written once. Null where `empty`."""
    import pyarrow as pa

    if len(numbers) and int(numbers.max()) - int(numbers.min()) < FEW:
        # as far apart as days or readings are, counting is quicker than sorting
        lowest = numbers.min()
        place = numbers - lowest
        there = np.bincount(place) > 0
        different, place = np.flatnonzero(there) + lowest, (np.cumsum(there) - 1)[place]
    else:
        different, place = np.unique(numbers, return_inverse=True)
    indices = pa.array(place.astype("int32"), mask=empty)
    return pa.array(text(different), pa.string()).take(indices)


def _days(days: np.ndarray, empty: np.ndarray | None = None) -> Any:
    return _looked_up(days, lambda some: np.datetime_as_string(some.astype("int64").astype(DAY)).tolist(), empty)


def _minutes(moments: np.ndarray) -> Any:
    import pyarrow as pa

    texts = np.datetime_as_string(moments.astype("datetime64[m]"), unit="m")
    return pa.array(np.char.replace(texts, "T", " ").tolist(), pa.string())


def _values(values: np.ndarray, empty: np.ndarray) -> Any:
    return _looked_up(values, lambda some: [f"{value / 100:g}" for value in some.tolist()], empty)


def _numbers(numbers: np.ndarray) -> Any:
    import pyarrow as pa

    return pa.array(numbers).cast(pa.string())


def _picked(texts: np.ndarray, place: np.ndarray, empty: np.ndarray | None = None) -> Any:
    import pyarrow as pa

    return pa.array(texts.tolist(), pa.string()).take(pa.array(place.astype("int32"), mask=empty))


def _flag(flags: np.ndarray) -> Any:
    return _picked(words(["0", "1"]), flags.astype("int8"))


def _schedule(world: World, name: str, minute: int) -> Schedule:
    schedule = Schedule()
    months(schedule, world.period, world.period.end, name, 5, minute)
    return schedule


def _month_of(schedule: Schedule, days: np.ndarray) -> np.ndarray:
    """The file in which a day falls; days before the first file are in it."""
    edges = clock.local_date(schedule.covers_until).astype("int64")
    return np.searchsorted(edges, days, side="right")


def _few(rng: np.random.Generator, feed: str, kind: str, count: int, eligible: np.ndarray | None = None) -> np.ndarray:
    flag = rng.random(count) < rate(kind, feed)
    return flag if eligible is None else flag & eligible


def _ids(numbers: np.ndarray) -> np.ndarray:
    return words([str(number) for number in numbers.tolist()])


def _sent(feed: str, left: tuple[int, int], log: DirtLog) -> Sent:
    dirt = log.columns()
    dirt["file"] = words([""] * len(dirt["kind"]))
    dirt["feed"] = words([feed] * len(dirt["kind"]))
    return Sent(feed, *left, dirt, np.empty(0, dtype=clock.SECOND), np.empty(0, dtype=bool))


def send_patients(world: World, landing: Path, seed: int) -> Sent:
    """Every record of a person: all of them in the first file, then those that are new or have changed."""
    feed = "gp_patients"
    patients, people = world.gp.patients, world.people
    rng, log = rng_for(seed, f"send {feed}"), DirtLog(feed)
    schedule = _schedule(world, "gp_patients_{day:%Y%m}.csv", 10)
    count, files = size(patients), len(schedule)
    begin = patients["registered_on"].astype(DAY).astype("int64")
    ended = patients["ended_on"].astype(DAY)
    # who moved is sometimes left on the list of the practice of before
    twice = _few(rng, feed, "registered_twice", count, patients["end_reason"] == "moved")
    ended[twice] = np.datetime64("NaT")
    ids = _ids(patients["patient_id"])
    log.add("registered_twice", ids[twice], "ended_on")
    changed = patients["address_changed_on"].astype(DAY)

    def file_of(days: np.ndarray) -> np.ndarray:
        return np.where(np.isnat(days), files, _month_of(schedule, days.astype("int64")))

    first = _month_of(schedule, begin)
    parts = [first, np.maximum(first, file_of(changed)), np.maximum(first, file_of(ended))]
    file = np.concatenate(parts)
    row = np.tile(np.arange(count), len(parts))
    pairs = np.unique(np.stack([file, row])[:, (file < files) & (patients["habit"][row] != FHIR)], axis=1)
    file, row = pairs
    # the identity is that of the record; later versions of it repeat its mistakes
    who = patients["person"]
    when = clock.midnight(np.minimum(patients["registered_on"].astype(DAY), np.datetime64(world.period.end, "D")))
    known = identity(people, who, when, ids, feed, rng, log)
    edges = clock.local_date(schedule.covers_until)
    upto = edges[file]
    moved = changed[row] < upto
    over = ended[row] < upto
    died = patients["died_on"][row].astype(DAY)
    told = over & ~np.isnat(died)
    number = np.where(np.equal(known["nhs_number"], None), "", known["nhs_number"])
    postcode = np.where(moved, patients["postcode_2"][row], patients["postcode"][row])
    lsoa = np.where(moved, patients["lsoa_code_2"][row], patients["lsoa_code"][row])
    reason = words(
        [END_REASON.get(one, "") if gone else "" for one, gone in zip(patients["end_reason"][row], over, strict=True)]
    )
    header = listed(
        "IDPatient IDOrganisation NHSNumber Surname FirstName DateBirth Gender Ethnicity Postcode LSOA "
        "DateRegistration DateDeRegistration RegistrationStatus DeductionReason DateDeath"
    ).tolist()
    columns = [
        _numbers(patients["patient_id"][row]),
        patients["gp_practice_code"][row],
        number[row],
        known["family_name"][row],
        known["given_name"][row],
        clock.text(known["birth_date"][row], "%Y-%m-%d"),
        words([SEX[code] for code in known["sex_code"]])[row],
        known["ethnic_category_code"][row],
        formats.plain(postcode),
        lsoa,
        _days(begin[row]),
        clock.text(np.where(over, ended[row], np.datetime64("NaT")), "%Y-%m-%d"),
        patients["registration_type_code"][row],
        reason,
        clock.text(np.where(told, died, np.datetime64("NaT")), "%Y-%m-%d"),
    ]
    left = _leave(landing, schedule, file, header, columns)
    return _sent(feed, left, log)


def _leave(
    landing: Path,
    schedule: Schedule,
    file: np.ndarray,
    header: list[str],
    columns: list[Any],
    keep: np.ndarray | None = None,
) -> tuple[int, int]:
    """Files of rows that stand in order of their file, those to `keep`. Returns how many files and rows there are."""
    if keep is not None:
        file = file[keep]
        columns = [one[keep] if isinstance(one, np.ndarray) else one.filter(keep) for one in columns]
    edges = np.searchsorted(file, np.arange(len(schedule) + 1)).tolist()
    files = 0
    for place, (begin, end) in enumerate(pairwise(edges)):
        if begin < end:
            part = [one[begin:end] if isinstance(one, np.ndarray) else one.slice(begin, end - begin) for one in columns]
            formats.leave(landing / FOLDER / schedule.names[place], _csv(header, part), schedule.deliver[place])
            files += 1
    return files, edges[-1]


def send_events(world: World, landing: Path, seed: int) -> Sent:
    """Each entry in the file of the month in which it was made; a blood pressure is one row of habit 2, two of 1."""
    feed = "gp_events"
    records, codes = world.gp, world.gp.codes
    events, patients, log = records.events, records.patients, DirtLog(feed)
    schedule = _schedule(world, "gp_events_{day:%Y%m}.csv", 20)
    sent = np.flatnonzero((events["pair"] < 0) & (patients["habit"][events["patient"]] != FHIR))
    first = _month_of(schedule, events["recorded"])
    over = np.maximum(_month_of(schedule, np.maximum(events["ended"], events["recorded"])), first)
    repeated = sent[events["resent"][sent] > 0]
    closed = sent[(over[sent] > first[sent]) & (over[sent] < len(schedule))]
    row = np.concatenate([sent, repeated, closed])
    turn = np.repeat([0, 1, 2], [len(sent), len(repeated), len(closed)])
    file = np.select([turn == 0, turn == 1], [first[row], np.minimum(first[row] + 1, len(schedule) - 1)], over[row])
    order = np.argsort(file * 3 + turn, kind="stable")
    row, file, again = row[order], file[order], turn[order] > 0
    part = take(events, row)
    part["ended"] = np.where(over[row] <= file, part["ended"], NOTHING)
    code = part["code"].astype("int64")

    second, pressure = part["second"], part["diastolic"] != NOTHING
    percent = part["second"] & np.isin(code, codes.cluster["HBA1C_COD"])
    smokes = part["second"] & np.isin(code, codes.cluster["SMOKECURR_COD"])
    local = words([*codes.local.tolist(), BLOOD_PRESSURE, PERCENT, CIGARETTES, UNKNOWN_LOCAL])
    place = len(codes.local) + np.arange(4)
    of_local = np.select([pressure, percent, smokes, part["unknown"]], place, code)
    number = part["value"] != NOTHING
    value = part["value"].astype("int64")
    value = np.where((part["resent"] == 2) & ~again, value + 300, value)
    percent |= part["percent"]
    value = np.where(percent, np.round(value / 100 / 10.929 * 10 + 21.5) * 10, value)
    value = np.where(part["wild"], value * 100, value)
    value = np.where(smokes, (row % 24 + 1) * 100, value).astype("int64")
    shown = (number | smokes) & ~pressure & ~part["in_text"]
    practice, of_patient = np.unique(patients["gp_practice_code"].astype(str), return_inverse=True)
    header = listed(
        "RowIdentifier IDOrganisation IDPatient DateEvent DateEventRecorded SNOMEDCode CTV3Code NumericValue "
        "NumericUnit Comment IsProblem DateProblemEnded IsConfidential IsImported RemovedData"
    ).tolist()
    columns = [
        _numbers(part["event_id"]),
        _picked(words(practice.tolist()), of_patient[part["patient"]]),
        _numbers(patients["patient_id"][part["patient"]]),
        _looked_up(np.where(part["untypable"], IMPOSSIBLE, part["told"]), _day_texts),
        _days(part["recorded"]),
        _picked(codes.snomed, code, second),
        _picked(local, of_local, ~second),
        _values(value, ~shown),
        _picked(words(["%"]), np.zeros(len(row)), ~(percent & shown)),
        _comments(part, value, pressure),
        _flag(part["flags"] & PROBLEM > 0),
        _days(part["ended"], part["ended"] == NOTHING),
        _flag(part["flags"] & CONFIDENTIAL > 0),
        _flag(part["flags"] & IMPORTED > 0),
        _flag((part["resent"] == 3) & again),
    ]
    left = _leave(landing, schedule, file, header, columns)
    for kind, flag, column, stands in (
        ("local_code_unknown", events["unknown"], "local_code", True),
        ("value_in_text", events["in_text"], "value_number", False),
        ("value_implausible", events["wild"], "value_number", True),
        ("hba1c_in_percent", events["percent"], "value_number", False),
        ("untypable_date", events["untypable"], "event_date", True),
        ("event_date_default", events["old"], "event_date", True),
        ("event_in_future", events["ahead"], "event_date", True),
        ("resubmitted", events["resent"] == 1, "", False),
        ("corrected", events["resent"] == 2, "", False),
        ("deleted", events["resent"] == 3, "", False),
    ):
        log.add(kind, _ids(events["event_id"][sent[flag[sent]]]), column, stands=stands)
    here = sent[events["is_restricted"][sent]]
    log.add(restricted_codes.KIND, _ids(events["event_id"][here]), "snomed_code", codes.snomed[events["code"][here]])
    return _sent(feed, left, log)


def _day_texts(days: np.ndarray) -> list[str]:
    texts = np.datetime_as_string(np.maximum(days, -25_567).astype("int64").astype(DAY)).tolist()
    return ["2026-02-31" if day == IMPOSSIBLE else text for day, text in zip(days.tolist(), texts, strict=True)]


def _comments(part: Table, value: np.ndarray, pressure: np.ndarray) -> Any:
    """What stands in words: a blood pressure of habit 2, a value that was typed, whose illness it is."""
    import pyarrow as pa

    comment = np.full(len(value), None, dtype=object)
    here = np.flatnonzero(pressure)
    halves = zip((value[here] // 100).tolist(), (part["diastolic"][here] // 100).tolist(), strict=True)
    comment[here] = words([f"{upper}/{lower}" for upper, lower in halves])
    here = np.flatnonzero(part["in_text"])
    comment[here] = words([f"{one / 100:g}" for one in value[here].tolist()])
    here = np.flatnonzero(part["flags"] & FAMILY > 0)
    kin = ("FH: mother", "FH: father", "Family history - brother")
    comment[here] = words([kin[one % 3] for one in here.tolist()])
    return pa.array(comment, pa.string())


def send_medication(world: World, landing: Path, seed: int) -> Sent:
    """Prescriptions issued in a month. Habit 2 has no codes, only the name as it was printed."""
    feed = "gp_medication"
    records, medicines, issued = world.gp, world.gp.medicines, world.gp.medication
    patients, log, rng = records.patients, DirtLog(feed), rng_for(seed, f"send {feed}")
    schedule = _schedule(world, "gp_medication_{day:%Y%m}.csv", 30)
    file = _month_of(schedule, issued["day"])
    count = size(issued)
    second = records.patients["habit"][issued["patient"]] == 2
    which = issued["medicine"]
    pence = np.round(medicines.cost[which] * 100 * np.maximum(issued["quantity"] / 28, 0.5)).astype("int64")
    ours = records.patients["habit"][issued["patient"]] != FHIR
    removed = _few(rng, feed, "deleted", count, ~issued["is_repeat"] & ours)
    spoken = words([name.upper() for name in medicines.name])
    loud = second & (rng.random(count) < 0.3)
    practice, of_patient = np.unique(patients["gp_practice_code"].astype(str), return_inverse=True)
    header = listed(
        "RowIdentifier IDOrganisation IDPatient DateIssued IDMultiLexDMD NameOfMedication BNFCode Quantity "
        "QuantityUnit DurationDays IsRepeatMedication EstimatedCost RemovedData"
    ).tolist()
    unit = words(medicines.unit.tolist())
    columns = [
        _numbers(issued["issue_id"]),
        _picked(words(practice.tolist()), of_patient[issued["patient"]]),
        _numbers(patients["patient_id"][issued["patient"]]),
        _days(issued["day"]),
        _picked(medicines.dmd, which, second),
        _picked(words([*medicines.name.tolist(), *spoken.tolist()]), np.where(loud, which + len(spoken), which)),
        _picked(medicines.bnf, which, second),
        _numbers(issued["quantity"]),
        _picked(unit, which),
        _numbers(issued["duration"]),
        _flag(issued["is_repeat"]),
        _looked_up(pence, lambda some: [f"{one / 100:.2f}" for one in some.tolist()]),
        _flag(removed),
    ]
    log.add("deleted", _ids(issued["issue_id"][removed]))
    issued["counts"] = ~removed
    left = _leave(landing, schedule, file, header, columns, ours)
    return _sent(feed, left, log)


def send_appointments(world: World, landing: Path, seed: int) -> Sent:
    """Appointments of a month; the last file also has what is booked for the weeks to come."""
    feed = "gp_appointments"
    records, table = world.gp, world.gp.appointments
    patients, log, rng = records.patients, DirtLog(feed), rng_for(seed, f"send {feed}")
    schedule = _schedule(world, "gp_appointments_{day:%Y%m}.csv", 40)
    count = size(table)
    day = table["day"]
    changed = patients["system_changed_on"][table["patient"]].astype(DAY)
    moved = np.flatnonzero(~np.isnat(changed) & (day < changed.astype("int64")))
    # the new system holds the old appointments once more, under new numbers; some are lost on the way
    moved = moved[rng.random(len(moved)) < 0.9]
    idle = np.flatnonzero(rng.random(count) < rate("slot_without_patient", feed))
    row = np.concatenate([np.arange(count), moved, idle])
    kind = np.repeat([0, 1, 2], [count, len(moved), len(idle)])
    ids = np.concatenate([table["appointment_id"], 900_000_001 + 3 * moved, 900_000_002 + 3 * idle])
    shown = np.where(kind == 1, changed[row].astype("int64"), day[row])
    file = np.minimum(_month_of(schedule, shown), len(schedule) - 1)
    order = np.argsort(file, kind="stable")
    row, kind, ids, file = row[order], kind[order], ids[order], file[order]
    part = take(table, row)
    seen, stopped = words(list(SEEN)), words(list(CANCELLED))
    statuses = words([*seen.tolist(), "Did Not Attend", *stopped.tolist(), NOBODY_SAID, "Booked"])
    how_seen = np.searchsorted(np.cumsum(list(SEEN.values())), rng.random(count) * sum(SEEN.values()), side="right")
    how_stopped = np.searchsorted(np.cumsum(list(CANCELLED.values())), rng.random(count) * 100, side="right")
    last = len(statuses)
    of_status = [how_seen[row], len(seen), len(seen) + 1 + np.minimum(how_stopped[row], 2), last - 2]
    status = np.select([part["status"] == one for one in (0, 1, 2, 3)], of_status, last - 1)
    second = patients["habit"][part["patient"]] == 2
    untold = _few(rng, feed, "staff_missing", len(row))
    mode = words([name for one in MODES for name in one])
    practice, of_patient = np.unique(patients["gp_practice_code"].astype(str), return_inverse=True)
    header = listed(
        "RowIdentifier IDOrganisation IDPatient DateBooked DateStart Status ContactMode PractitionerRole "
        "NationalSlotCategory PlannedDuration ActualDuration"
    ).tolist()
    nobody = kind == 2
    columns = [
        _numbers(ids),
        _picked(words(practice.tolist()), of_patient[part["patient"]]),
        _picked_numbers(patients["patient_id"][part["patient"]], nobody),
        _minutes(part["booked_at"]),
        _minutes(part["starts_at"]),
        _picked(statuses, np.where(nobody, last - 2, status)),
        _picked(mode, part["mode"] * 2 + second),
        _picked(words(STAFF), np.where(untold, 2, part["staff"])),
        _picked(words(SLOTS), part["slot"]),
        _numbers(part["planned"]),
        _picked_numbers(part["actual"], nobody | (part["actual"] < 0)),
    ]
    ours = patients["habit"][part["patient"]] != FHIR
    left = _leave(landing, schedule, file, header, columns, ours)
    log.add(
        "entered_twice", _ids(ids[kind == 1]), "copy_of", _ids(table["appointment_id"][row[kind == 1]]), stands=False
    )
    log.add("slot_without_patient", _ids(ids[nobody]), stands=False)
    log.add("staff_missing", _ids(ids[untold & (kind == 0)]), "staff_group")
    return _sent(feed, left, log)


def _picked_numbers(numbers: np.ndarray, empty: np.ndarray) -> Any:
    import pyarrow as pa

    return pa.array(numbers.astype("int64"), mask=empty).cast(pa.string())


def send_interventions(world: World, landing: Path, seed: int) -> Sent:
    """The register of people who are visited at home: the whole register with every file."""
    feed = "interventions"
    exposure, records, people = world.health.exposure, world.gp, world.people
    patients, log, rng = records.patients, DirtLog(feed), rng_for(seed, f"send {feed}")
    schedule = _schedule(world, "interventions_{day:%Y%m}.csv", 50)
    begun = exposure["exposed_on"].astype("int64")
    who = exposure["person"]
    row, is_open = row_of(patients, who, begun)
    here = np.flatnonzero(is_open & (row >= 0))
    entry = 61_000 + np.arange(len(who)) * 2
    known = identity(people, who, clock.midnight(exposure["exposed_on"].astype(DAY)), _ids(entry), feed, rng, log)
    header = listed(
        "EntryID Intervention IDPatient IDOrganisation NHSNumber Surname FirstName DateBirth Postcode StartDate "
        "ExtractDate"
    ).tolist()
    upto = clock.local_date(schedule.covers_until).astype("int64")
    pairs = [here[begun[here] < end] for end in upto]
    file = np.repeat(np.arange(len(schedule)), [len(one) for one in pairs])
    which = np.concatenate(pairs) if pairs else here[:0]
    columns = [
        _numbers(entry[which]),
        exposure["intervention_id"][which],
        _numbers(patients["patient_id"][row[which]]),
        patients["gp_practice_code"][row[which]],
        formats.plain(known["nhs_number"][which]),
        known["family_name"][which],
        known["given_name"][which],
        clock.text(known["birth_date"][which], "%Y-%m-%d"),
        formats.plain(known["postcode"][which]),
        _days(begun[which]),
        _days(upto[file]),
    ]
    left = _leave(landing, schedule, file, header, columns)
    return _sent(feed, left, log)


PARTNERS: tuple[tuple[str, Callable[[World, Path, int], Sent]], ...] = (
    ("practice records: patients", send_patients),
    ("practice records: entries", send_events),
    ("practice records: prescriptions", send_medication),
    ("practice records: appointments", send_appointments),
    ("register of interventions", send_interventions),
)
