"""Plays the partners of a hub: reads what they sent, and sends more, of every kind that happens."""

from __future__ import annotations

import copy
import csv
import io
import json
import re
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from incremental_kit import Hub, touch

from orchestration.contracts import FeedContract, load_contracts

Record = dict[str, Any]
ED, SPELLS, AMBULANCE, CALLS = "mseft.southend_ed_attendances", "mseft.southend_spells", "eeast.incidents", "ic24.calls"
PACKAGES, PEOPLE = "essex.packages_awaited", "primary_care.registrations"


class Partners:
    """Plays the partners of a hub: reads what they sent, and sends more, in the format of each contract."""

    def __init__(self, hub: Hub):
        self.hub, self.landing = hub, hub.settings.landing
        self.contracts = load_contracts()
        self.sendings = sum(1 for _ in self.landing.rglob("*"))

    def contract(self, feed: str) -> FeedContract:
        return self.contracts[tuple(feed.split("."))]

    def files(self, feed: str) -> list[Path]:
        """Files that a feed sent and that the hub could take, oldest first."""
        accepted = {said["landed_as"] for place, said in self.hub.sidecars().items() if place.startswith("raw/")}
        contract = self.contract(feed)
        return sorted(
            (
                path
                for path in (self.landing / contract.partner).iterdir()
                if fnmatchcase(path.name, contract.pattern) and f"{contract.partner}/{path.name}" in accepted
            ),
            key=lambda path: path.stat().st_mtime_ns,
        )

    def sent(self, feed: str) -> list[Record]:
        """The newest version of every record of a feed, in order of first arrival."""
        contract, newest = self.contract(feed), {}
        for path in self.files(feed):
            for record in parse(contract, path.read_bytes()):
                newest[tuple(value_of(record, contract.column(name).source_name) for name in contract.key)] = record
        return list(newest.values())

    def send(self, feed: str, records: Iterable[Record], arrived: datetime, name: str = "") -> Path:
        """One more file of a feed, which arrives at a moment."""
        contract = self.contract(feed)
        return self.leave(feed, write(contract, list(records)), arrived, name)

    def leave(self, feed: str, content: bytes, arrived: datetime, name: str = "") -> Path:
        contract = self.contract(feed)
        self.sendings += 1
        stamp = name or f"{arrived:%Y%m%d}_{self.sendings}"
        path = self.landing / contract.partner / contract.pattern.replace("*", stamp)
        assert not path.exists(), path
        path.write_bytes(content)
        touch(path, arrived)
        return path


def parse(contract: FeedContract, content: bytes) -> list[Record]:
    lines = content.decode(contract.encoding).splitlines()
    if contract.format == "jsonl":
        return [json.loads(line) for line in lines]
    rows = csv.DictReader(lines, delimiter=contract.delimiter)
    return [row for row in rows if not (contract.trailer and row[rows.fieldnames[0]] == contract.trailer)]


def write(contract: FeedContract, records: list[Record]) -> bytes:
    if contract.format == "jsonl":
        text = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)
    else:
        out = io.StringIO()
        newline = "\r\n" if contract.trailer else "\n"
        writer = csv.DictWriter(out, list(records[0]), delimiter=contract.delimiter, lineterminator=newline)
        writer.writeheader()
        writer.writerows(records)
        text = out.getvalue() + (f"{contract.trailer},{len(records)}{newline}" if contract.trailer else "")
    return text.encode(contract.encoding)


def value_of(record: Record, name: str) -> Any:
    """A field by its header, or by its path in JSON."""
    return _place(record, name)[0][_place(record, name)[1]]


def changed(record: Record, fields: dict[str, Any]) -> Record:
    """A copy with other values; a function is given the old one."""
    made = copy.deepcopy(record)
    for name, value in fields.items():
        inner, last = _place(made, name)
        inner[last] = value(inner[last]) if callable(value) else value
    return made


def _place(record: Record, name: str) -> tuple[Record, str]:
    """Where a field is: in the record itself, or further down."""
    *path, last = [name] if name in record else name.split(".")
    for step in path:
        record = record[step]
    assert last in record, f"'{last}' is not one of {list(record)}"
    return record, last


MOMENTS = (
    (re.compile(r"\d\d/\d\d/\d{4} \d\d:\d\d"), "%d/%m/%Y %H:%M"),
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"), "%Y-%m-%d %H:%M:%S"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d"), "%Y-%m-%dT%H:%M:%S"),
)


def later(value: Any, delta: timedelta) -> Any:
    """A moment, or every moment of a record, moved; what is no moment stays."""
    if isinstance(value, dict):
        return {name: later(inner, delta) for name, inner in value.items()}
    for pattern, form in MOMENTS:
        if isinstance(value, str) and pattern.fullmatch(value):
            return (datetime.strptime(value, form) + delta).strftime(form)
    return value


def hours(count: float) -> Callable[[Any], Any]:
    return lambda value: later(value, timedelta(hours=count))


# --- Days -------------------------------------------------------------------------------------------------------------


def new(partners: Partners, arrives: datetime, before: timedelta = timedelta(days=1), mark: str = "7") -> None:
    """What happened lately: a person who called, came by ambulance, was seen and admitted, and others who just came."""
    incident = next(
        one for one in reversed(partners.sent(AMBULANCE)) if one["ArrivedHospitalTime"] and one["NHSNumber"]
    )
    began = datetime.strptime(incident["CallConnectTime"], "%Y-%m-%d %H:%M:%S")
    delta = (arrives - before - began) // timedelta(days=1) * timedelta(days=1)
    number = incident["NHSNumber"]
    incident = changed(later(incident, delta), {"IncidentID": lambda old: mark + old[1:]})
    arrived = datetime.strptime(incident["ArrivedHospitalTime"], "%Y-%m-%d %H:%M:%S")
    partners.send(AMBULANCE, [incident], arrives)
    call = partners.sent(CALLS)[-1]
    offered = datetime.fromisoformat(call["call"]["offered"])
    call = changed(later(call, began + delta - timedelta(minutes=9) - offered), {
        "call.id": f"IUC-{mark}{offered:%d%H%M%S}", "patient.nhs_number": number, "triage.disposition": "ambulance",
        "triage.ambulance_incident": incident["IncidentID"],
    })  # fmt: skip
    partners.send(CALLS, [call], arrives)
    seen, other = [one for one in partners.sent(ED) if one["Departure Date Time"]][:2]
    seen, other = (
        later(one, arrived - datetime.strptime(one["Arrival Date Time"], "%d/%m/%Y %H:%M")) for one in (seen, other)
    )
    seen = changed(seen, {"Attendance No": f"E{mark}0000001", "NHS Number": number, "Arrival Mode": "AMB"})
    other = changed(other, {"Attendance No": f"E{mark}0000002"})
    partners.send(ED, [seen, other], arrives)
    spell = partners.sent(SPELLS)[-1]
    departed = datetime.strptime(seen["Departure Date Time"], "%d/%m/%Y %H:%M")
    moved = departed - datetime.strptime(spell["Admission Date Time"], "%d/%m/%Y %H:%M")
    partners.send(SPELLS, [changed(later(spell, moved), {
        "Spell No": f"S{mark}0000001", "NHS Number": number, "ED Attendance No": seen["Attendance No"],
        "Admission Method": "21", "Discharge Date Time": "", "Ready for Discharge Date": "",
    })], arrives)  # fmt: skip


def late(partners: Partners, arrives: datetime) -> None:
    """Events of five weeks ago, of which nobody had heard."""
    new(partners, arrives, before=timedelta(days=35), mark="8")


def corrected(partners: Partners, arrives: datetime) -> None:
    """Newer versions of known records: longer stays, a later handover, another package."""
    left = [one for one in partners.sent(ED) if one["Departure Date Time"]][-8:]
    partners.send(ED, [changed(one, {"Departure Date Time": hours(5)}) for one in left[:4]], arrives)
    brought = [one for one in partners.sent(AMBULANCE) if one["HandoverTime"]][-4:]
    partners.send(
        AMBULANCE, [changed(one, {"HandoverTime": hours(1), "ClearTime": hours(1)}) for one in brought], arrives
    )
    partners.send(CALLS, [changed(one, {"triage.disposition": "ed"}) for one in partners.sent(CALLS)[-3:]], arrives)
    partners.send(PACKAGES, [changed(one, {"Hours Per Week": "28"}) for one in partners.sent(PACKAGES)[-2:]], arrives)


def deleted(partners: Partners, arrives: datetime) -> None:
    """Attendances and a spell that were entered by mistake, among them one that an ambulance brought."""
    known = partners.sent(ED)
    mistakes = [*known[2:5], next(one for one in known if one["Ambulance Incident"])]
    partners.send(ED, [changed(one, {"Update Type": "1"}) for one in mistakes], arrives)
    spells = [one for one in partners.sent(SPELLS) if one["ED Attendance No"]][:1] or partners.sent(SPELLS)[:1]
    partners.send(SPELLS, [changed(one, {"Update Type": "1"}) for one in spells], arrives)


def repeated(partners: Partners, arrives: datetime) -> None:
    """A file under another name, and known records in another file."""
    known = partners.files(AMBULANCE)[0]
    partners.leave(AMBULANCE, known.read_bytes(), arrives)
    partners.send(ED, partners.sent(ED)[:6], arrives)


def out_of_order(partners: Partners, arrives: datetime) -> None:
    """Two versions of the same records; the one with less in it comes last, and from a file that sorts first."""
    incidents = [one for one in partners.sent(AMBULANCE) if one["HandoverTime"]][:3]
    partners.send(AMBULANCE, [changed(one, {"ClearTime": hours(1)}) for one in incidents], arrives, "19990101_b")
    partners.send(
        AMBULANCE,
        [changed(one, {"HandoverTime": ""}) for one in incidents],
        arrives + timedelta(minutes=1),
        "19990101_a",
    )


def somebody_else(partners: Partners, arrives: datetime) -> None:
    """NHS numbers are put right: events of one person become those of another, of nobody, of somebody new."""
    people = iter(partners.sent(PEOPLE))
    numbers = [next(people)["NHS_NUMBER"] for _ in range(4)]
    first, second, third = [one for one in partners.sent(ED) if one["NHS Number"]][-3:]
    partners.send(ED, [
        changed(first, {"NHS Number": numbers[0]}), changed(second, {"NHS Number": "", "NHS Number Status": "07"}),
        changed(third, {"NHS Number": "9990000018"}),
    ], arrives)  # fmt: skip
    incident = next(one for one in partners.sent(AMBULANCE) if one["NHSNumber"])
    partners.send(AMBULANCE, [changed(incident, {"NHSNumber": numbers[1]})], arrives)
    call = next(one for one in partners.sent(CALLS) if one["patient"]["nhs_number"])
    partners.send(CALLS, [changed(call, {"patient.nhs_number": numbers[2]})], arrives)
    spell = next(one for one in partners.sent(SPELLS) if one["NHS Number"])
    partners.send(SPELLS, [changed(spell, {"NHS Number": numbers[3]})], arrives)


def turned_away(partners: Partners, arrives: datetime) -> None:
    """A file without its key column, and one with a record that cannot be used."""
    some = partners.sent(AMBULANCE)[:3]
    partners.send(AMBULANCE, [{key: one[key] for key in one if key != "IncidentID"} for one in some], arrives)
    calls = [changed(one, {"call.id": f"IUC-9{place:08}"}) for place, one in enumerate(partners.sent(CALLS)[:40])]
    partners.send(CALLS, [changed(calls[0], {"call.offered": "2026-02-31T10:00:00"}), *calls[1:]], arrives)


def people(partners: Partners, arrives: datetime) -> None:
    """A newer list of the practices: some have left, some have moved, one has another birth date."""
    registered = partners.sent(PEOPLE)
    moved = [changed(one, {"POSTCODE": "SS16 5NL", "PRACTICE_CODE": "F81123"}) for one in registered[5:12]]
    born = [changed(registered[12], {"DATE_OF_BIRTH": "1950-02-28"})]
    partners.send(PEOPLE, [*moved, *born, *registered[13:]], arrives)


DAYS = [new, late, corrected, deleted, repeated, out_of_order, somebody_else, turned_away, people]
