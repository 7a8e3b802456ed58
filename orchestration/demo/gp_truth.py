"""The truth of practice records, in truth/: what the hub has to hold of them, whatever habit a practice has.

condition              one row per person and condition (register of F 4.1 or other): onset_date, resolved_date
need                   one row per person: need, 0 to 1
intervention_exposure  one row per person visited: intervention_id, exposed_on
gp_patient             one row per record of a person at a practice: patient_id, habit, registration, system_changed_on
gp_event               one row per entry as it is meant: event_id, part (2: the second value of the row event_id),
                       snomed_code, event_date (empty where it must be: 1900, or after the day of entry), recorded_on,
                       value (in the standard unit; empty where what was sent is not plausible), counts: the hub must
                       hold it. Not withdrawn, not the family's, code known, row usable, not a code that law
                       restricts. habit: 1, 2, or 3 (FHIR)
gp_medication          one row per issue; counts: not withdrawn
gp_appointment         one row per appointment, once however often it was sent
opt_out_type_1         one row per person who ever dissented: dissented_on, withdrawn_on, as the record has it (F 5.3)
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from orchestration.demo.gp import FHIR, NO_DAY, Records
from orchestration.demo.gp_entries import CONFIDENTIAL, IMPORTED, NOTHING, PROBLEM
from orchestration.demo.table import Table, size
from orchestration.demo.world import World

STATUS = ("attended", "dna", "cancelled", "unknown", "booked")
MODE = ("face_to_face", "telephone", "home_visit", "online", "unknown")


def _days(days: np.ndarray, empty: np.ndarray | bool = False) -> np.ndarray:
    return np.where(empty, np.datetime64("NaT", "D"), days.astype("int64").astype("datetime64[D]"))


def event_truth(records: Records) -> Table:
    """Entries as the hub has to hold them."""
    events, codes = records.events, records.codes
    first = np.where(events["pair"] >= 0, events["pair"], np.arange(size(events)))
    number = events["value"] != NOTHING
    return {
        "event_id": events["event_id"][first],
        "part": np.where(events["pair"] >= 0, 2, 1).astype("int8"),
        "person_no": records.patients["person"][events["patient"]],
        "patient_id": records.patients["patient_id"][events["patient"]],
        "code": events["code"],
        "event_date": _days(events["told"], (events["told"] == NO_DAY) | (events["told"] > events["recorded"])),
        "recorded_on": _days(events["recorded"]),
        "value": np.where(number & ~events["wild"], events["value"] / 100, np.nan),
        "is_problem": events["flags"] & PROBLEM > 0,
        "problem_ended_on": _days(np.maximum(events["ended"], 0), events["ended"] == NOTHING),
        "is_confidential": events["flags"] & CONFIDENTIAL > 0,
        "is_imported": events["flags"] & IMPORTED > 0,
        "habit": np.where(
            records.patients["habit"][events["patient"]] == FHIR, FHIR, np.where(events["second"], 2, 1)
        ).astype("int8"),
        "counts": events["counts"],
    } | {"cluster": codes.cluster_of}


def opt_out_truth(records: Records) -> Table:
    events, codes = records.events, records.codes
    last = {}
    person = records.patients["person"][events["patient"]]
    for name in ("DISSENT", "WITHDRAWAL"):
        last[name] = np.full(int(person.max(initial=0)) + 1, NO_DAY)
        here = (events["code"] == codes.first(f"OPT_OUT_TYPE_1_{name}")) & events["counts"]
        np.maximum.at(last[name], person[here], events["told"][here])
    who = np.flatnonzero(last["DISSENT"] > NO_DAY)
    withdrawn = last["WITHDRAWAL"][who]
    return {
        "person_no": who,
        "dissented_on": _days(last["DISSENT"][who]),
        "withdrawn_on": _days(np.maximum(withdrawn, 0), withdrawn == NO_DAY),
    }


def write_gp_truth(world: World, folder: Path) -> None:
    import pyarrow as pa

    records, health = world.gp, world.health
    patients, medicines, codes = records.patients, records.medicines, records.codes

    def coded(texts: np.ndarray | tuple[str, ...], place: np.ndarray) -> Any:
        # Each word once: Parquet writes other bytes from time to time where a dictionary says one twice.
        once, number = np.unique(np.array(texts, dtype="U"), return_inverse=True)
        return pa.DictionaryArray.from_arrays(
            pa.array(number.astype("int32")[place]), pa.array(once.tolist(), pa.string())
        )

    def dates(days: np.ndarray) -> Any:
        return pa.array(days.astype("datetime64[D]"))

    def texts(values: np.ndarray) -> Any:
        return pa.array(values.tolist(), pa.string())

    condition, exposure = health.condition, health.exposure
    _write(folder, "condition", {
        "person_no": condition["person"], "condition": texts(condition["condition"]),
        "onset_date": dates(condition["onset_date"]), "resolved_date": dates(condition["resolved_date"]),
    })  # fmt: skip
    _write(folder, "need", {"person_no": np.arange(len(health.need)), "need": health.need})
    _write(folder, "intervention_exposure", {
        "person_no": exposure["person"], "intervention_id": texts(exposure["intervention_id"]),
        "exposed_on": dates(exposure["exposed_on"]),
    })  # fmt: skip
    _write(folder, "gp_patient", {
        "patient_id": patients["patient_id"], "person_no": patients["person"],
        "gp_practice_code": texts(patients["gp_practice_code"]), "habit": patients["habit"],
        "registered_on": dates(patients["registered_on"]), "ended_on": dates(patients["ended_on"]),
        "end_reason": texts(patients["end_reason"]), "died_on": dates(patients["died_on"]),
        "system_changed_on": dates(patients["system_changed_on"]),
    })  # fmt: skip
    events = event_truth(records)
    cluster, code = events.pop("cluster"), events.pop("code")
    _write(folder, "gp_event", {
        name: dates(values) if values.dtype.kind == "M" else values for name, values in events.items()
    } | {"snomed_code": coded(codes.snomed, code), "cluster_id": coded(cluster, code)})  # fmt: skip
    issued = records.medication
    _write(folder, "gp_medication", {
        "issue_id": issued["issue_id"], "person_no": patients["person"][issued["patient"]],
        "issued_on": dates(issued["day"].astype("int64").astype("datetime64[D]")),
        "dmd_code": coded(medicines.dmd, issued["medicine"]), "bnf_code": coded(medicines.bnf, issued["medicine"]),
        "is_repeat": issued["is_repeat"], "duration_days": issued["duration"], "counts": issued["counts"],
        "habit": patients["habit"][issued["patient"]],
    })  # fmt: skip
    booked = records.appointments
    _write(folder, "gp_appointment", {
        "appointment_id": booked["appointment_id"], "person_no": patients["person"][booked["patient"]],
        "starts_at_local": pa.array(booked["starts_at"].astype("datetime64[s]")),
        "booked_at_local": pa.array(booked["booked_at"].astype("datetime64[s]")),
        "status_group": coded(STATUS, booked["status"]), "mode_code": coded(MODE, booked["mode"]),
        "habit": patients["habit"][booked["patient"]],
    })  # fmt: skip
    opted = opt_out_truth(records)
    _write(folder, "opt_out_type_1", {
        "person_no": opted["person_no"], "dissented_on": dates(opted["dissented_on"]),
        "withdrawn_on": dates(opted["withdrawn_on"]),
    })  # fmt: skip


def _write(folder: Path, name: str, columns: dict[str, Any]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    arrays = {
        key: pa.array(one, from_pandas=True) if isinstance(one, np.ndarray) else one for key, one in columns.items()
    }
    part = folder / f".{name}.part"
    pq.write_table(pa.table(arrays), part, compression="zstd")
    part.replace(folder / f"{name}.parquet")
