"""JSON lines: one object a line. A line that is none costs that record, not the file."""

from __future__ import annotations

import csv
import json
from typing import Any

from orchestration.contracts import FeedContract
from orchestration.ingest.incoming import (
    BUFFERS,
    CLEAN_HEADER,
    FILE,
    FILES,
    MAX_CELL,
    MAX_LINE,
    MAX_RAW,
    NAMED,
    PASSED,
    RECORD,
    Incoming,
    cut,
    quote,
    read_clean,
    texts_of,
)
from orchestration.ingest.lines import Lines
from orchestration.ingest.outcome import Rejected
from orchestration.ingest.stage import Staged

TWICE = "a field is named twice: which of the two counts cannot be told"


def read_json_lines(staged: Staged, contract: FeedContract, careful: bool) -> Incoming:
    with staged.path.open(encoding="utf-8") as file:
        head = file.read(4096).lstrip("\ufeff \t\r\n")
    if head.startswith("["):
        raise Rejected(
            "unreadable",
            "The file is one JSON list; JSON lines were agreed: one object per line, without commas between.",
            "Write one record per line and send the file again.",
        )
    if not head.startswith("{"):
        raise Rejected(
            "unreadable", "The file does not start with a JSON object.", "Send JSON lines: one object per line."
        )
    if head.split("\n", 1)[0].strip() == "{":
        raise Rejected(
            "unreadable",
            "The records are written over several lines; JSON lines were agreed: each record whole in one line.",
            "Write one record per line and send the file again.",
        )
    if careful or staged.has_nul:
        return _read_carefully(staged, contract)
    paths = ["$" + "".join(_in_duckdb(step) for step in column.steps) for column in contract.columns]
    listed, objects = (
        "[" + ", ".join(map(quote, some)) + "]" for some in (paths, _objects_on([c.steps for c in contract.columns]))
    )
    texts = texts_of([f"_values[{position + 1}]" for position in range(len(paths))])
    template = (
        f"select {PASSED}_record, _record as _line, "
        "case when _values is null then 'this line is not a JSON object: cut off, or written over several lines' "
        f"when len(list_filter(json_keys(_text, {objects}), lambda k: len(k) > len(list_distinct(k)))) > 0 "
        f"then {quote(TWICE)} "
        "when len(list_filter(_values, lambda v: v like '{%' or v like '[%')) > 0 "
        f"and list_has_any(json_type(_text, {listed}), ['OBJECT', 'ARRAY']) then 'a list or an object where a "
        f"single value was agreed' end as _broken, "
        f"case when _values is null then left(_text, {MAX_RAW}) end as _raw, _text as _extra, {texts} "
        f"from (select {PASSED}_record, _text, case when json_valid(_text) and json_type(_text) = 'OBJECT' "
        f"then json_extract_string(_text, {listed}) end as _values "
        f"from (select {FILE}{RECORD} as _record, _text from read_csv({FILES}, auto_detect = false, header = false, "
        "delim = '\x01', quote = '', escape = '', columns = {'_text': 'varchar'}, strict_mode = true, "
        f"{BUFFERS}{NAMED})) where trim(_text) <> '')"
    )
    return Incoming(template, [], 0, staged, staged.path, MAX_CELL)


def _objects_on(steps: list[list[str | int]]) -> list[str]:
    """DuckDB's paths of the objects in which agreed fields lie, or what holds them."""
    return list(
        dict.fromkeys(
            "$" + "".join(map(_in_duckdb, path[:depth]))
            for path in steps
            for depth, step in enumerate(path)
            if isinstance(step, str)
        )
    )


def _read_carefully(staged: Staged, contract: FeedContract) -> Incoming:
    clean = staged.path.with_suffix(".clean")
    paths = [column.steps for column in contract.columns]
    lines = Lines(staged.path)
    csv.field_size_limit(MAX_LINE)
    with clean.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow([*CLEAN_HEADER, *(f"f{p}" for p in range(len(paths)))])
        while (line := lines.take()) is not None:
            if not line.strip():
                continue
            broken, values = _json_values(line, paths)
            raw = cut(line) if broken else ""
            writer.writerow([lines.number, lines.number, broken or "", raw, "" if broken else cut(line), *values])
    return read_clean(clean, staged, len(paths), [])


def _in_duckdb(step: str | int) -> str:
    return f"[{step}]" if isinstance(step, int) else f'."{step}"'


def _step(value: Any, step: str | int) -> Any:
    if isinstance(step, int):
        return value[step] if isinstance(value, list) and step < len(value) else None
    return value.get(step) if isinstance(value, dict) else None


def _json_values(line: str, paths: list[list[str | int]]) -> tuple[str | None, list[str]]:
    nothing = [""] * len(paths)
    if len(line) > MAX_LINE:
        return f"the line is longer than {MAX_LINE:,} characters", nothing
    if "\0" in line:
        return "the record holds NUL characters: it is damaged", nothing
    try:
        record = json.loads(line, parse_float=str, parse_int=str, parse_constant=str, object_pairs_hook=_object)
        if "\\u" in line:
            json.dumps(record, ensure_ascii=False).encode()  # half a surrogate pair is no character
    except (ValueError, RecursionError):
        record = None
    if not isinstance(record, dict):
        return "this line is not a JSON object: cut off, or written over several lines", nothing
    if any(_is_named_twice(record, path) for path in paths):
        return TWICE, nothing
    values = []
    for path in paths:
        value: Any = record
        for step in path:
            value = _step(value, step)
        if isinstance(value, dict | list):
            return "a list or an object where a single value was agreed", nothing
        text = "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
        if len(text) > MAX_CELL:
            return f"a field is longer than {MAX_CELL:,} characters", nothing
        values.append(text)
    return None, values


class _NamesTwice(dict):
    """An object that names one of its fields twice."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    return found if len(found) == len(pairs) else _NamesTwice(found)


def _is_named_twice(record: Any, path: list[str | int]) -> bool:
    """Whether an object on the way to a field names one of its own twice."""
    for step in path:
        if isinstance(step, str) and isinstance(record, _NamesTwice):
            return True
        record = _step(record, step)
    return False
