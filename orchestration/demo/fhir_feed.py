"""Practices on another system: FHIR R4 bulk extracts (UK Core), a file a month and kind, one resource a line.

Bulk export has no appointments. What a family had is another resource, which is not exported.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from orchestration.demo import clock, formats, restricted_codes
from orchestration.demo.delivery import Schedule, months
from orchestration.demo.dirt import DirtLog
from orchestration.demo.gp import FHIR
from orchestration.demo.gp_entries import FAMILY, MISTAKE, NOTHING, PROBLEM
from orchestration.demo.identity import identity
from orchestration.demo.sending import Sent
from orchestration.demo.table import rng_for, words
from orchestration.demo.world import World

FOLDER = "fhir_practices"
NHS_NUMBER = "https://fhir.nhs.uk/Id/nhs-number"
ETHNICITY = "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-EthnicCategory"
REGISTRATION = "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-RegistrationDetails"
SNOMED, DMD = "http://snomed.info/sct", "https://dmd.nhs.uk"
PRESSURE = ("75367002", "72313002", "1091811000000102")  # the panel, systolic, diastolic
GENDER = {"1": "male", "2": "female", "9": "other", "X": "unknown"}
DAY = np.dtype("datetime64[D]")


def _date(day: int) -> str:
    return str(np.datetime64(int(day), "D"))


def _updated(day: int) -> str:
    return f"{_date(day)}T07:00:00+00:00"


def _coded(system: str, code: str, display: str = "") -> dict:
    return {"coding": [{"system": system, "code": code, **({"display": display} if display else {})}]}


def _schedule(world: World, kind: str) -> Schedule:
    schedule = Schedule()
    months(schedule, world.period, world.period.end, f"{kind}_{{day:%Y%m}}.ndjson", 4, 30)
    return schedule


def _leave(
    world: World, landing: Path, kind: str, feed: str, log: DirtLog, resources: Iterator[tuple[int, dict]]
) -> Sent:
    """Resources, each with the day from which it is known, in the file of their month; the first has all before it."""
    schedule = _schedule(world, kind)
    edges = clock.local_date(schedule.covers_until).astype("int64")
    lines: list[list[str]] = [[] for _ in edges]
    for day, resource in resources:
        file = int(np.searchsorted(edges, day, side="right"))
        if file < len(lines):
            lines[file].append(json.dumps({"resourceType": kind, **resource}, separators=(",", ":")))
    for name, part, delivered in zip(schedule.names, lines, schedule.deliver, strict=True):
        if part:
            formats.leave(landing / FOLDER / name, ("\n".join(part) + "\n").encode(), delivered)
    dirt = log.columns()
    dirt["file"] = words([""] * len(dirt["kind"]))
    dirt["feed"] = words([feed] * len(dirt["kind"]))
    rows = sum(map(len, lines))
    return Sent(feed, sum(map(bool, lines)), rows, dirt, np.empty(0, dtype=clock.SECOND), np.empty(0, dtype=bool))


def _ours(world: World, patient: np.ndarray) -> np.ndarray:
    return world.gp.patients["habit"][patient] == FHIR


def send_patients(world: World, landing: Path, seed: int) -> Sent:
    """Each record of a person when it begins, and again when the registration ends."""
    feed, patients, people = "fhir_patients", world.gp.patients, world.people
    rng, log = rng_for(seed, f"send {feed}"), DirtLog(feed)
    row = np.flatnonzero(patients["habit"] == FHIR)
    who = patients["person"][row]
    ids = words([f"p{number}" for number in patients["patient_id"][row].tolist()])
    begin = patients["registered_on"][row].astype(DAY)
    when = clock.midnight(np.minimum(begin, np.datetime64(world.period.end, "D")))
    known = identity(people, who, when, ids, feed, rng, log)

    def resources() -> Iterator[tuple[int, dict]]:
        ended = patients["ended_on"][row].astype(DAY)
        died = patients["died_on"][row].astype(DAY)
        for place, one in enumerate(row.tolist()):
            number, postcode = known["nhs_number"][place], known["postcode"][place]
            first = int(begin[place].astype("int64"))
            told = {
                "id": ids[place],
                "identifier": [{"system": NHS_NUMBER, "value": number}] if number else [],
                "active": True,
                "name": [
                    {"use": "official", "family": known["family_name"][place], "given": [known["given_name"][place]]}
                ],
                "gender": GENDER[known["sex_code"][place]],
                "birthDate": str(known["birth_date"][place].astype(DAY)),
                "address": [{"use": "home", "postalCode": postcode}] if postcode else [],
                "generalPractitioner": [{"identifier": {"value": patients["gp_practice_code"][one]}}],
            }
            ethnicity = {
                "url": ETHNICITY,
                "valueCodeableConcept": _coded("", known["ethnic_category_code"][place] or "Z"),
            }

            def version(period: dict, day: int, more: dict, told=told, ethnicity=ethnicity) -> dict:
                registered = {"url": REGISTRATION, "extension": [{"url": "registrationPeriod", "valuePeriod": period}]}
                return {
                    **told,
                    **more,
                    "meta": {"lastUpdated": _updated(day)},
                    "extension": [ethnicity, registered],
                }

            yield first, version({"start": _date(first)}, first, {})
            if not np.isnat(ended[place]):
                last = int(ended[place].astype("int64"))
                dead = {} if np.isnat(died[place]) else {"deceasedDateTime": str(died[place])}
                yield last, version({"start": _date(first), "end": _date(last)}, last, dead)

    return _leave(world, landing, "Patient", feed, log, resources())


def _entries(world: World, problems: bool) -> np.ndarray:
    """Rows of entries that are resources of their own; the second half of a blood pressure is not."""
    events = world.gp.events
    flags = events["flags"]
    mine = _ours(world, events["patient"]) & (events["pair"] < 0) & (flags & FAMILY == 0)
    return np.flatnonzero(mine & ((flags & PROBLEM > 0) == problems))


def _note_restricted(world: World, problems: bool, letter: str, log: DirtLog) -> None:
    events, rows = world.gp.events, _entries(world, problems)
    rows = rows[events["is_restricted"][rows]]
    ids = words([f"{letter}{number}" for number in events["event_id"][rows].tolist()])
    log.add(restricted_codes.KIND, ids, "snomed_code", world.gp.codes.snomed[events["code"][rows]])


def _versions(recorded: int, resource: dict, withdrawn: dict) -> Iterator[tuple[int, dict]]:
    """A resource; where `withdrawn`, a month later once more, as entered in error."""
    yield recorded, {**resource, "meta": {"lastUpdated": _updated(recorded)}}
    if withdrawn:
        yield recorded + 31, {**resource, **withdrawn, "meta": {"lastUpdated": _updated(recorded + 31)}}


def send_conditions(world: World, landing: Path, seed: int) -> Sent:
    """Diagnoses: entries in the list of problems."""
    feed, events, codes = "fhir_conditions", world.gp.events, world.gp.codes
    patient_id, log = world.gp.patients["patient_id"], DirtLog(feed)
    wrong = {"verificationStatus": _coded("", "entered-in-error")}

    def resources() -> Iterator[tuple[int, dict]]:
        for row in _entries(world, True).tolist():
            code = int(events["code"][row])
            recorded, ended = int(events["recorded"][row]), int(events["ended"][row])
            resource = {
                "id": f"c{events['event_id'][row]}",
                "subject": {"reference": f"Patient/p{patient_id[events['patient'][row]]}"},
                "code": _coded(SNOMED, codes.snomed[code], codes.label[code]),
                "category": [_coded("", "problem-list-item")],
                "verificationStatus": _coded("", "confirmed"),
                "onsetDateTime": _date(events["day"][row]),
                "recordedDate": _date(recorded),
            }
            yield from _versions(recorded, resource, wrong if events["flags"][row] & MISTAKE else {})
            if ended != NOTHING:
                over = max(ended, recorded)
                yield (
                    over,
                    {**resource, "abatementDateTime": _date(ended), "meta": {"lastUpdated": _updated(over)}},
                )

    _note_restricted(world, True, "c", log)
    return _leave(world, landing, "Condition", feed, log, resources())


def send_observations(world: World, landing: Path, seed: int) -> Sent:
    """Measurements, statuses and what was done; a blood pressure is one resource with two components."""
    feed, events, codes = "fhir_observations", world.gp.events, world.gp.codes
    patient_id, log = world.gp.patients["patient_id"], DirtLog(feed)

    def resources() -> Iterator[tuple[int, dict]]:
        for row in _entries(world, False).tolist():
            code, recorded = int(events["code"][row]), int(events["recorded"][row])
            value, lower = int(events["value"][row]), int(events["diastolic"][row])
            resource = {
                "id": f"o{events['event_id'][row]}",
                "status": "final",
                "subject": {"reference": f"Patient/p{patient_id[events['patient'][row]]}"},
                "code": _coded(SNOMED, codes.snomed[code], codes.label[code]),
                "effectiveDateTime": _date(events["day"][row]),
                "issued": _updated(recorded),
            }
            if lower != NOTHING:
                resource["code"] = _coded(SNOMED, PRESSURE[0], "Blood pressure")
                resource["component"] = [
                    {"code": _coded(SNOMED, part), "valueQuantity": {"value": of / 100, "code": "mm[Hg]"}}
                    for part, of in zip(PRESSURE[1:], (value, lower), strict=True)
                ]
            elif value != NOTHING:
                resource["valueQuantity"] = {"value": value / 100}
            wrong = {"status": "entered-in-error"} if events["flags"][row] & MISTAKE else {}
            yield from _versions(recorded, resource, wrong)

    _note_restricted(world, False, "o", log)
    return _leave(world, landing, "Observation", feed, log, resources())


def send_medication(world: World, landing: Path, seed: int) -> Sent:
    """Prescriptions issued."""
    feed, issued, medicines = "fhir_medication_requests", world.gp.medication, world.gp.medicines
    patient_id, log = world.gp.patients["patient_id"], DirtLog(feed)

    def resources() -> Iterator[tuple[int, dict]]:
        for row in np.flatnonzero(_ours(world, issued["patient"])).tolist():
            medicine, day = int(issued["medicine"][row]), int(issued["day"][row])
            yield (
                day,
                {
                    "id": f"m{issued['issue_id'][row]}",
                    "meta": {"lastUpdated": _updated(day)},
                    "status": "completed",
                    "intent": "order",
                    "subject": {"reference": f"Patient/p{patient_id[issued['patient'][row]]}"},
                    "medicationCodeableConcept": _coded(DMD, medicines.dmd[medicine], medicines.name[medicine]),
                    "authoredOn": _date(day),
                    "courseOfTherapyType": _coded("", "continuous" if issued["is_repeat"][row] else "acute"),
                    "dispenseRequest": {
                        "quantity": {"value": int(issued["quantity"][row]), "unit": medicines.unit[medicine]},
                        "expectedSupplyDuration": {"value": int(issued["duration"][row]), "unit": "d"},
                    },
                },
            )

    return _leave(world, landing, "MedicationRequest", feed, log, resources())


PARTNERS: tuple[tuple[str, Callable[[World, Path, int], Sent]], ...] = (
    ("FHIR patients", send_patients),
    ("FHIR conditions", send_conditions),
    ("FHIR observations", send_observations),
    ("FHIR prescriptions", send_medication),
)
