"""Delimited text. The fast reader is DuckDB in strict mode; where a file has any flaw in its structure, a slow one that
names the flaw of each record takes over."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path

from orchestration.contracts import FeedContract
from orchestration.ingest.headers import fields_of, header_elsewhere, match_header, short
from orchestration.ingest.incoming import (
    BUFFERS,
    CLEAN_HEADER,
    FILE,
    FILES,
    HEADER_AGAIN,
    MAX_CELL,
    MAX_LINE,
    MAX_RAW,
    NAMED,
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

MAX_SPAN = 50
HEADER_BYTES = 1 << 20
DOS_END = "\x1a"


def read_text(staged: Staged, contract: FeedContract, careful: bool) -> Incoming:
    header, header_lines = _header(staged.path, contract)
    try:
        positions, extra, warnings = match_header(header, contract, f"in line {contract.header_row}")
    except Rejected as refused:
        found = header_elsewhere(fields_of(_head(staged.path)[:30], contract.delimiter), contract)
        if refused.kind != "header" or found is None:
            raise
        raise Rejected(
            "header",
            f"The header is in line {found}; it was agreed for line {contract.header_row}.",
            "Leave out, or keep, the lines above the header as agreed.",
        ) from None
    if careful or staged.has_nul or header_lines > contract.header_row:
        return _read_carefully(staged, contract, header, header_lines, positions, extra, warnings)
    columns = "{" + ", ".join(f"'f{position}': 'varchar'" for position in range(len(header))) + "}"
    relation = (
        f"read_csv({FILES}, auto_detect = false, header = true, skip = {contract.header_row - 1}, "
        f"delim = {quote(contract.delimiter)}, quote = '\"', escape = '\"', columns = {columns}, strict_mode = true, "
        f"null_padding = false, {BUFFERS}{NAMED})"
    )
    extras = ", ".join(f"{quote(short(header[p]))}, f{p}" for p in extra if header[p].strip())
    texts = texts_of([None if p is None else f"f{p}" for p in positions])
    template = (
        f"select {FILE}{RECORD} as _record, {RECORD} + {contract.header_row} as _line, "
        f"{_again(header, positions, contract)} as _broken, cast(null as varchar) as _raw, "
        f"{f'cast(json_object({extras}) as varchar)' if extras else 'cast(null as varchar)'} as _extra, "
        f"{texts} from {relation}"
    )
    return Incoming(template, warnings, header_lines, staged, staged.path, MAX_CELL)


def _again(header: list[str], positions: list[int | None], contract: FeedContract) -> str:
    """SQL for what is wrong with a record that is the header once more."""
    position = positions[[column.name for column in contract.columns].index(contract.key[0])]
    return f"case when f{position} = {quote(header[position])} then {quote(HEADER_AGAIN)} end"


def _head(path: Path) -> list[str]:
    """The first lines of a file, whole, with their ends."""
    with path.open(encoding="utf-8", newline="") as file:
        head = file.read(HEADER_BYTES)
    return io.StringIO(head, newline="").readlines() if "\n" in head else head.splitlines(keepends=True)


def _header(path: Path, contract: FeedContract) -> tuple[list[str], int]:
    """The fields of the header record and the number of physical lines up to its end."""
    lines = _head(path)
    used = contract.header_row - 1
    if len(lines) <= used:
        raise Rejected(
            "header",
            f"The file ends before line {contract.header_row}, where its header is expected.",
            "Send the extract with its header.",
        )
    record = ""
    for line in lines[used : used + MAX_SPAN]:
        record += line
        used += 1
        try:
            fields = _parse(record, contract.delimiter)
        except csv.Error:  # most often quoted names with another separator: let the header's own check say so
            fields = [record.strip()]
        if fields is not None:
            return fields, used
    raise Rejected(
        "header",
        "The header cannot be read: a quotation mark is opened and not closed.",
        "Check the quotation marks in the first line.",
    )


def _parse(record: str, delimiter: str) -> list[str] | None:
    """The fields of one record; None where a quotation mark is still open. Raises csv.Error where quotes are wrong."""
    try:
        return next(csv.reader([record], delimiter=delimiter, strict=True), [])
    except csv.Error as problem:
        if "unexpected end of data" in str(problem):
            return None
        raise


def _read_carefully(staged, contract, header, header_lines, positions, extra, warnings) -> Incoming:
    """The slow reader: each record judged by itself, the result written as clean text for the fast one."""
    csv.field_size_limit(MAX_LINE)
    clean = staged.path.with_suffix(".clean")
    named = [(p, header[p].strip()) for p in extra if header[p].strip()]
    with clean.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, quoting=csv.QUOTE_MINIMAL, lineterminator="\n")
        writer.writerow([*CLEAN_HEADER, *(f"f{p}" for p in range(len(positions)))])
        for record, (line, broken, raw, fields) in enumerate(
            _records(staged.path, contract, header, header_lines), start=1
        ):
            if broken:
                writer.writerow([record, line, broken, cut(raw), "", *([""] * len(positions))])
            else:
                others = json.dumps({name: fields[p] for p, name in named}, ensure_ascii=False) if named else ""
                writer.writerow([record, line, "", "", others, *("" if p is None else fields[p] for p in positions)])
    return read_clean(clean, staged, len(positions), warnings)


def _records(
    path: Path, contract: FeedContract, header: list[str], header_lines: int
) -> Iterator[tuple[int, str | None, str, list[str]]]:
    """(line, what is wrong or None, the raw record, its fields) for every record after the header.

    Separators without a value at the end of the header or of a record are no field.
    """
    width = len(header)
    named = max((place for place, name in enumerate(header, start=1) if name.strip()), default=width)
    for line, raw, fields, broken in _raw_records(path, contract, header_lines):
        if broken is None and len(raw) > MAX_CELL and max(map(len, fields)) > MAX_CELL:
            broken = f"a field is longer than {MAX_CELL:,} characters"
        if broken is None and "\0" in raw:
            broken = "the record holds NUL characters: it is damaged"
        if broken is None and fields == header:
            broken = HEADER_AGAIN
        if broken is None and named <= len(fields) < width:
            fields += [""] * (width - len(fields))
        elif broken is None and len(fields) > width and not any(fields[width:]):
            fields = fields[:width]
        if broken is None and len(fields) != width:
            if width > 1 and len(fields) == 1:
                broken = f"1 field where the header has {width}: another separator, or not a record"
            elif len(fields) < width:
                broken = f"{len(fields)} fields where the header has {width}: cut off, or broken over two lines"
            else:
                broken = (
                    f"{len(fields)} fields where the header has {width}: a separator inside a value without "
                    f"quotation marks"
                )
        yield line, broken, raw, fields


def _raw_records(
    path: Path, contract: FeedContract, header_lines: int
) -> Iterator[tuple[int, str, list[str], str | None]]:
    lines = Lines(path)
    for _ in range(header_lines):
        lines.take()
    while (first := lines.take()) is not None:
        start = lines.number
        if not first.strip().strip(DOS_END):
            continue
        if len(first) > MAX_LINE:
            yield start, first[:MAX_RAW], [], f"the line is longer than {MAX_LINE:,} characters"
            continue
        record, broken, more = first, None, []
        try:
            fields = _parse(record, contract.delimiter)
            while fields is None:
                following = lines.take() if len(more) < MAX_SPAN and len(record) <= MAX_LINE else None
                if following is None:
                    lines.give_back(more)
                    record, fields, broken = first, [], "a quotation mark is opened and not closed"
                    break
                more.append(following)
                record += following
                fields = _parse(record, contract.delimiter)
        except csv.Error:
            lines.give_back(more)
            record, fields, broken = first, [], "a quotation mark stands where none can stand"
        yield start, record, fields, broken
