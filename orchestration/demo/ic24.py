"""The NHS 111 provider: nested JSON, one call a line, the last two days in hourly files."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import numpy as np

from orchestration.demo import clock, delivery
from orchestration.demo.dirt import DirtLog
from orchestration.demo.identity import identity
from orchestration.demo.sending import Sent, note_clock_change, pick, send, wall
from orchestration.demo.table import Table, concat, rng_for, seconds, size, take, words
from orchestration.demo.world import World

FEED = "calls"
GENDER = {"1": "male", "2": "female", "9": "other", "X": "unknown"}
STAMP = "%Y-%m-%dT%H:%M:%S"


def _schedule(world: World) -> delivery.Schedule:
    end, start = world.period.end, world.period.start
    hourly = max(start, end - dt.timedelta(days=1))
    schedule = delivery.Schedule()
    delivery.months(schedule, world.period, hourly - dt.timedelta(days=1), "iuc_calls_{day:%Y%m}.jsonl", 0, 30)
    until = world.period.ends + np.timedelta64(7 * 3600, "s")
    delivery.windows(schedule, hourly, until, 3600, 180, "iuc_calls_{day:%Y%m%d_%H}.jsonl")
    return schedule


def call_ids(count: int) -> np.ndarray:
    return words([f"IUC-{number:09d}" for number in range(300_000_001, 300_000_001 + count)])


def _spoil(table: Table, log: DirtLog, rng: np.random.Generator) -> Table:
    """Defects of values, and calls that another provider counts again."""
    answered = ~np.isnat(table["answered_at"])
    chosen = pick(rng, FEED, ["answered_before_offered", "answered_long_before_offered"], answered)
    for kind, least, most in (("answered_before_offered", 1, 50), ("answered_long_before_offered", 75, 600)):
        here = chosen[kind]
        table["answered_at"][here] = table["offered_at"][here] - seconds(rng.uniform(least, most, len(here)))
        log.add(kind, table["call_id"][here], "answered_at", wall(table["answered_at"][here]))
    again = pick(rng, FEED, ["transferred_twice"], table["is_triaged"])["transferred_twice"]
    copy = take(table, again)
    copy["call_id"] = words([f"{value}-T" for value in copy["call_id"]])
    log.add("transferred_twice", copy["call_id"], "copy_of", table["call_id"][again])
    return concat([table, copy])


def _or_null(texts: np.ndarray) -> np.ndarray:
    return np.where(texts == "", None, texts)


def _json_lines(columns: Table) -> list[str]:
    """One JSON object a row, nested as the dotted names say."""
    places = [path.split(".") for path in columns]
    lines = []
    for values in zip(*(column.tolist() for column in columns.values()), strict=True):
        record: dict[str, dict] = {}
        for path, value in zip(places, values, strict=True):
            level = record
            for name in path[:-1]:
                level = level.setdefault(name, {})
            level[path[-1]] = value
        lines.append(json.dumps(record, ensure_ascii=False) + "\n")
    return lines


def send_calls(world: World, landing: Path, seed: int) -> Sent:
    rng, log = rng_for(seed, "send calls"), DirtLog(FEED)
    truth = {name: column.copy() for name, column in world.calls.items()}
    truth["call_id"] = call_ids(size(truth))
    who = identity(world.people, truth["person"], truth["offered_at"], truth["call_id"], FEED, rng, log)
    note_clock_change(
        log, truth["call_id"], {name: truth[name] for name in ("offered_at", "answered_at", "abandoned_at")}
    )
    table = _spoil(truth | who, log, rng)
    ids = table["call_id"]
    number = np.where(
        table["incident"] >= 0, world.incidents["incident_id"][table["incident"]] if size(world.incidents) else "", None
    )

    schedule = _schedule(world)
    sent = delivery.deliver(schedule, table["offered_at"], table["ends_at"], [], ids, FEED, rng, log, keep_alive=True)
    rows = take(table | {"number": number}, sent.rows["record"])
    texts = {
        name: clock.text(clock.to_local(rows[name]), STAMP) for name in ("offered_at", "answered_at", "abandoned_at")
    }
    untypable = sent.untypable[sent.rows["record"]]
    texts["offered_at"][untypable] = words([f"{v[:5]}02-31{v[10:]}" for v in texts["offered_at"][untypable]])
    log.add("untypable_date", ids[sent.untypable], "offered_at", "31 February")
    # a clerk's first choice that the clinician put right
    group = np.where(sent.rows["is_wrong"] & rows["is_triaged"], "other", rows["disposition_group"])
    triaged = rows["is_triaged"]
    lines = _json_lines(
        {
            "call.id": rows["call_id"],
            "call.channel": rows["channel"],
            "call.offered": texts["offered_at"],
            "call.answered": _or_null(texts["answered_at"]),
            "call.abandoned": _or_null(texts["abandoned_at"]),
            "triage.by": rows["triaged_by"],
            "triage.clinical_contact": np.where(triaged, rows["had_clinical_contact"].astype(object), None),
            "triage.dx_code": rows["disposition_code"],
            "triage.disposition": group,
            "triage.revalidated": np.where(triaged, rows["is_revalidated"].astype(object), None),
            "triage.booked_service": rows["booked_service"],
            "triage.ambulance_incident": rows["number"],
            "patient.nhs_number": rows["nhs_number"],
            "patient.name.family": rows["family_name"],
            "patient.name.given": rows["given_name"],
            "patient.birth_date": clock.text(rows["birth_date"], "%Y-%m-%d"),
            "patient.gender": words([GENDER[value] for value in rows["sex_code"]]),
            "patient.postcode": rows["postcode"],
            "patient.gp_practice": rows["gp_practice_code"],
        }
    )

    def write(part: slice, name: str, defect: str) -> bytes:
        content = "".join(lines[part])
        return (content[: -len(content) // 3] if defect else content).encode()

    result = send(FEED, landing / "ic24", schedule, sent, ids, log, write)
    real = size(truth)
    result.known_until, result.delivered = result.known_until[:real], result.delivered[:real]
    return result
