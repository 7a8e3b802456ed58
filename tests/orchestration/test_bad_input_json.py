"""Bad JSON lines. A line that cannot be read costs that record; a file that is something else is refused."""

from __future__ import annotations

import json

import pytest
from bad_input_kit import Case, take
from ingest_kit import JSONL, rows
from ingest_kit import line as json_line


def line(number: int, **changes) -> str:
    return json_line(rows(number)[-1], **changes)


FIRST, SECOND, THIRD = line(1), line(2), line(3)
SHAPE = "The record cannot be taken apart into fields."
NO_OBJECT = "this line is not a JSON object: cut off, or written over several lines"
TWICE = "a field is named twice: which of the two counts cannot be told"
NESTED = "a list or an object where a single value was agreed"


def refused(name: str, content, said: str, remedy: str, kind: str = "unreadable", **more) -> Case:
    return Case(name, content, said, remedy, kind, contract=JSONL, file="visits_1.jsonl", **more)


def held(name: str, second, said: str = NO_OBJECT, **more) -> Case:
    """Three lines, the second one bad."""
    content = (lambda: f"{FIRST}\n{second()}\n{THIRD}\n") if callable(second) else f"{FIRST}\n{second}\n{THIRD}\n"
    return Case(
        name, content, said,
        **{"rules": {"record_shape": 1}, "lines": {2: said[:40]}, "kept": "V1 V3", "contract": JSONL,
           "file": "visits_1.jsonl", **more},
    )  # fmt: skip


def number(name: str, value, column: str, what: str) -> Case:
    return held(name, line(2, **{column: value}), f"'patient.{column}' is not {what}", remedy=f"'patient.{column}' as",
                rules={f"type {column.lower()}": 1}, lines={2: "`"})  # fmt: skip


CASES = [
    refused("a list", f"[{FIRST}, {SECOND}]", "The file is one JSON list", "Write one record per line"),
    refused("over several lines", json.dumps(json.loads(FIRST), indent=1), "written over several", "one record per"),
    refused("text with commas", "visit,patient\n1,2\n", "does not start with a JSON object", "one object per line"),
    refused("a web page", "<html>Sign in</html>", "a web page, perhaps one that asks to sign in", "unpacked"),
    refused("Rich Text", r"{\rtf1\ansi{\fonttbl}}", "a Rich Text document", "unpacked"),
    refused("0 bytes", b"", "The file is empty (0 bytes).", "Send the extract again", "empty"),
    refused("UTF-16", f"{FIRST}\n".encode("utf-16"), "The file is in UTF-16; utf-8 was", "as utf-8", "encoding"),
    refused(
        "a step of the path renamed", f"{FIRST}\n{SECOND}\n".replace('"visit"', '"visits"'), "'visit.id' is empty.",
        "Fill in 'visit.id'", "too_many_bad_rows", rules={"required visit_id": 2}, lines={1: "(empty)", 2: "(empty)"},
    ),
    refused(
        "commas between records", f"{FIRST},\n{SECOND},\n{THIRD}\n", NO_OBJECT, SHAPE, "too_many_bad_rows",
        rules={"record_shape": 2}, lines={1: NO_OBJECT, 2: NO_OBJECT},
    ),
    Case(
        "last line cut off", f"{FIRST}\n{SECOND}\n{THIRD[:200]}", NO_OBJECT, SHAPE, rules={"record_shape": 1},
        lines={3: NO_OBJECT}, kept="V1 V2", contract=JSONL, file="visits_1.jsonl",
    ),
    Case(
        "with mark", f"\ufeff{FIRST}\n", "The file starts with a byte order mark", kept="V1", contract=JSONL,
        file="visits_1.jsonl",
    ),
    Case(
        "blank lines and carriage returns", f"{FIRST}\r\n\r\n{SECOND}\r\n", "2 of 2 records accepted", kept="V1 V2",
        contract=JSONL, file="visits_1.jsonl",
    ),
    held("single quotes", SECOND.replace('"', "'")),
    held("two objects in a line", SECOND + SECOND),
    held("a list in a line", "[1, 2]"),
    held("a single value in a line", '"V2"'),
    held("a sign that controls", SECOND.replace("Testperson", "a\x01b")),
    held("half a character", SECOND.replace("Testperson", "\\ud800")),
    held("a field twice", SECOND.replace('"patient": {', '"patient": {"Surname": "Other",'), TWICE),
    held("an object twice", SECOND[:-1] + ',"visit":{"id":"V9"}}', TWICE),
    held("a field twice beside NUL", SECOND[:-1] + f',"visit":{{}}}}\n{{\0}}\n{line(4)}\n{line(5)}', TWICE,
         rules={"record_shape": 2}, lines={2: TWICE[:40], 3: "NUL"}, kept="V1 V4 V5 V3"),
    held("an object for a value", line(2, Surname={"given": "A"}), NESTED),
    held("a list for a value", line(2, Beds=[1, 2]), NESTED),
    held("100,000 lists in each other", lambda: SECOND.replace('"V2"', "[" * 100_000 + "]" * 100_000), NESTED),
    held(
        "100,000 objects in each other", lambda: '{"visit": ' + '{"a": ' * 100_000 + "1" + "}" * 100_001,
        "'visit.id' is empty.", rules={"required visit_id": 1, "required arrived_at": 1}, lines={2: "(empty)"},
    ),
    held(
        "200,000 keys", lambda: '{"visit":{"id":"V2"},' + ",".join(f'"k{n}":1' for n in range(200_000)) + "}",
        "'patient.Arrived' is empty.", rules={"required arrived_at": 1}, lines={2: "(empty)"},
    ),
    held("NUL", SECOND.replace("Test", "Te\0st"), "the record holds NUL characters: it is damaged"),
    held("a cell of 1.2 million letters", lambda: line(2, Practice="x" * 1_200_000), "a field is longer than 1,"),
    held("a cell of 10 million letters", lambda: line(2, Practice="x" * 10_000_000), "the line is longer than"),
    number("a word for a number", "many", "Beds", "a whole number"),
    number("not a number", float("nan"), "Cost", "a number with a decimal point"),
    number("beyond all numbers", 10**400, "Beds", "a whole number"),
    number("beyond all fractions", float("inf"), "Cost", "a number with a decimal point"),
    held(
        "half a character beside NUL", SECOND.replace("Testperson", "\\ud800") + f"\n{{\0}}\n{line(4)}\n{line(5)}",
        rules={"record_shape": 2}, lines={2: NO_OBJECT, 3: "NUL"}, kept="V1 V4 V5 V3",
    ),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_bad_json(case, tmp_path):
    take(case, tmp_path)
