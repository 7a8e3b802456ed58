"""One person's record for a clinician at a terminal: found by NHS number, and never shown without an entry in the log.

The number comes from a prompt, never from the command line, where other users of the machine and the shell's history
would see it. The log says who looked, as what, why, and at whom only by a pseudonym under a key of its own.
"""

from __future__ import annotations

import csv
import getpass
import json
import os
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from orchestration.pseudonyms import load_key, pseudonym
from orchestration.publish import DIRECT_CARE, live_set
from orchestration.settings import PROJECT, Settings

if TYPE_CHECKING:
    import duckdb

PURPOSE, LOG, FOLDER = "record_access", "record_access.jsonl", f"{DIRECT_CARE}/care_record"
MIN_REASON = 10
NO_LOOK = ("no", "write")
"""Rights on direct care, in the access matrix, with which nobody looks at a person's record."""


class AccessRefused(Exception):
    """The record is not shown. Says why, without saying of whom."""


@dataclass(frozen=True)
class Access:
    """Who looks, as what, and why."""

    user: str
    role: str
    reason: str


@dataclass(frozen=True)
class Record:
    """What the live set has of one person; each list in the order in which it is read."""

    person: dict[str, Any]
    allergies: list[dict[str, Any]]
    problems: list[dict[str, Any]]
    medication: list[dict[str, Any]]
    care: list[dict[str, Any]]
    timeline: list[dict[str, Any]]


def read_number() -> str:
    """The NHS number from a prompt that does not show it, or from a pipe.

    Raises AccessRefused where it is none: nobody is looked up then, and nothing is logged.
    """
    from orchestration.leaks.look import is_nhs_number

    typed = getpass.getpass("NHS number (not shown): ") if sys.stdin.isatty() else sys.stdin.readline()
    digits = re.sub(r"[\s-]", "", typed)
    if not re.fullmatch(r"[0-9]{10}", digits) or not is_nhs_number(digits):
        raise AccessRefused("that is no NHS number: ten digits of which the last is a check digit")
    return digits


def access_of(role: str, reason: str) -> Access:
    """Raises AccessRefused where the role may not look, or the reason says too little or too much."""
    may = roles()
    if role not in may:
        raise AccessRefused(
            f"the role '{role}' may not read the record of a person; the access matrix lets {', '.join(may)}"
        )
    said = " ".join(reason.split())
    if len(said) < MIN_REASON:
        raise AccessRefused("say in words why you look, such as 'review before clinic on Monday'")
    if re.search(r"(?:\d[\s-]?){10}", said):
        raise AccessRefused("the reason holds what could be a number of a person: it is kept in the log, leave it out")
    return Access(getpass.getuser(), role, said)


def roles() -> list[str]:
    """Roles to which seeds/access_matrix.csv gives a right to look in direct care, by name."""
    with (PROJECT / "seeds" / "access_matrix.csv").open(encoding="utf-8", newline="") as file:
        return [row["role"] for row in csv.DictReader(file) if row["direct_care"] not in NO_LOOK]


def open_record(settings: Settings, number: str, access: Access, since: date | None = None) -> Record:
    """The record of a person, once the log has the entry; also who is not found leaves one.

    Raises AccessRefused where nothing is published, nobody or more than one person has the number, or the log cannot
    be written.
    """
    import duckdb

    published = live_set(settings)
    if published is None or not (settings.published / FOLDER / "care_record_person.parquet").exists():
        raise AccessRefused("no record is published here: run `bihub run` first")
    with duckdb.connect() as connection:
        found = _rows(connection, settings, "care_record_person", "nhs_number = ?", [number], "person_id")
        record = _record_of(connection, settings, found[0], since) if len(found) == 1 else None
    entry = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "user": access.user,
        "role": access.role,
        "reason": access.reason,
        "person": pseudonym(load_key(settings.keys, PURPOSE), number),
        "found": len(found),
        "events": len(record.timeline) if record else 0,
        "version": published["version"],
    }
    _log(settings, entry)
    if record is None:
        raise AccessRefused("nobody here has this number" if not found else "more than one person has this number")
    return record


def _log(settings: Settings, entry: dict[str, Any]) -> None:
    try:
        settings.audit.mkdir(parents=True, exist_ok=True)
        where = os.open(settings.audit / LOG, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(where, "a", encoding="utf-8") as file:
            file.write(json.dumps(entry, ensure_ascii=False) + "\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as problem:
        raise AccessRefused(f"the access log cannot be written ({problem.strerror}): nothing is shown") from problem


def _record_of(
    connection: duckdb.DuckDBPyConnection, settings: Settings, person: dict[str, Any], since: date | None
) -> Record:
    def of_person(table: str, order: str, more: str = "true", values: Iterable[Any] = ()) -> list[dict[str, Any]]:
        condition = f"person_id = ? and {more}"
        return _rows(connection, settings, table, condition, [person["person_id"], *values], order)

    after = ("event_date >= ?", [since]) if since else ("true", [])
    return Record(
        person,
        of_person("care_record_allergy", "first_recorded_on, snomed_code"),
        of_person("care_record_problem", "since_date, snomed_code"),
        of_person("care_record_medication", "medication_name, medicine"),
        of_person("care_record_care_package", "state, since_date, source_id"),
        of_person("care_record_timeline", "event_date, event_at nulls last, event_order, event_id", *after),
    )


def _rows(
    connection: duckdb.DuckDBPyConnection, settings: Settings, table: str, condition: str, values: list, order: str
) -> list[dict[str, Any]]:
    file = str(settings.published / FOLDER / f"{table}.parquet").replace("'", "''")
    found = connection.execute(f"select * from '{file}' where {condition} order by {order}", values)
    names = [column[0] for column in found.description]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def in_words(record: Record) -> Iterator[str]:
    """The record as lines of text, oldest event first."""
    person = record.person
    yield f"{person['family_name'] or '-'}, {person['given_name'] or '-'}, born {person['birth_date'] or '-'}"
    yield f"{person['sex'] or '-'}; {person['postcode'] or '-'}; {person['gp_practice_name'] or 'no practice known'}"
    if person["died_on"]:
        yield f"Died on {person['died_on']}"
    for title, column in (("Type 1", "type_1_opt_out_since"), ("National", "national_opt_out_since")):
        if person[column]:
            yield f"{title} opt-out since {person[column]}: about other uses than care, it does not limit this view"
    yield from _part("Allergies", "none recorded; that is not the same as none", (
        f"{row['label']} ({row['first_recorded_on']})" for row in record.allergies
    ))  # fmt: skip
    yield from _part("Problems", "none current", (f"{row['since_date']}  {row['label']}" for row in record.problems))
    yield from _part("Repeat medication", "none in 12 months", (
        f"{row['medication_name'] or row['medicine']}, last issued {row['last_issued_on']}"
        + ("" if row["is_in_supply"] else " (should have run out)")
        for row in record.medication
    ))  # fmt: skip
    yield from _part("Care", "none in force", (
        f"{row['service']}, {row['organisation_name'] or row['organisation_code']}, "
        + ("waiting since " if row["state"] == "waiting" else "since ") + str(row["since_date"])
        for row in record.care
    ))  # fmt: skip
    yield from _part("Events", "none", map(_event, record.timeline))


def _part(title: str, none: str, lines: Iterable[str]) -> Iterator[str]:
    found = list(lines)
    yield ""
    yield f"{title}" if found else f"{title}: {none}"
    yield from (f"  {line}" for line in found)


def _event(row: dict[str, Any]) -> str:
    clock = row["event_at_local"].strftime("%H:%M") if row["has_time"] else "     "
    said = [row["title"], row["value_text"], row["organisation_name"], "ahead" if row["is_ahead"] else None]
    return f"{row['event_date']} {clock}  " + "; ".join(text for text in said if text)
