"""From a staged file to a relation of text: a column per column of the contract, as sent, trimmed, empty as null.

Every format ends in the same columns (incoming_columns), so that checks know nothing of formats. A record that cannot
be taken apart is kept whole in `_raw`, with what is wrong in `_broken`. The fast reader is DuckDB in strict mode; where
a file has any flaw in its structure, a slow reader that names the flaw of each record takes over.
"""

from __future__ import annotations

import csv
import difflib
import io
import json
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from orchestration.contracts import FeedContract
from orchestration.ingest.outcome import Rejected
from orchestration.ingest.stage import Staged

MAX_COLUMNS = 1000
MAX_CELL = 1_000_000
MAX_LINE = 4_000_000
MAX_SPAN = 50
MAX_RAW = 100_000
MAX_XLSX_BYTES = 1 << 30
MAX_XLSX_RATIO = 300
HEADER_BYTES = 1 << 20
CLEAN_HEADER = ("_record", "_line", "_broken", "_raw", "_extra")
STRUCTURAL = (duckdb.InvalidInputException, duckdb.ConversionException, duckdb.NotImplementedException)


@dataclass
class Incoming:
    """A SELECT that yields the text of one file, and what was noticed on the way.

    In `sql`, {record} stands for the expression that numbers the records.
    """

    sql: str
    warnings: list[str]
    header_lines: int = 0
    staged: Staged | None = None


def incoming_columns(contract: FeedContract) -> list[tuple[str, str]]:
    """Names and types of the relation that every reader yields."""
    return [
        ("_batch", "integer"), ("_received_at", "timestamp"), ("_record", "bigint"), ("_line", "bigint"),
        ("_broken", "varchar"), ("_raw", "varchar"), ("_extra", "varchar"),
        *((f"_t{position}", "varchar") for position in range(len(contract.columns))),
    ]  # fmt: skip


def quote(text: str) -> str:
    """A SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def read(staged: Staged, contract: FeedContract, *, careful: bool = False) -> Incoming:
    """How to read a staged file. `careful`: with the slow reader. Raises Rejected where it is unreadable as a whole."""
    if contract.format == "xlsx":
        return _read_xlsx(staged, contract)
    if contract.format == "jsonl":
        return _read_jsonl(staged, contract, careful)
    return _read_csv(staged, contract, careful)


# --- Headers ---------------------------------------------------------------------------------------------------------


def match_header(
    header: list[str], contract: FeedContract, where: str
) -> tuple[list[int | None], list[int], list[str]]:
    """(position of each contract column or None, positions of columns nobody asked for, warnings).

    Raises Rejected where there is no header, a required column is missing, or a name occurs twice.
    """
    names = [" ".join(name.replace("\ufeff", "").split()) for name in header]
    wanted = {column.local_name: column for column in contract.columns}
    if len(names) > MAX_COLUMNS:
        raise Rejected(
            "limits",
            f"The file has {len(names):,} columns; at most {MAX_COLUMNS:,} are taken.",
            "Send the agreed columns only.",
        )
    folded = {" ".join(name.split()).casefold() for name in wanted}
    times = Counter(name.casefold() for name in names)
    if folded.isdisjoint(times):
        raise _no_header(header, contract, where)
    twice = sorted({name for name in names if name and times[name.casefold()] > 1})
    if twice:
        raise Rejected(
            "header",
            f"The header names these columns more than once: {_listed(twice)}. It is not clear which one counts.",
            "Send each column once, under its own name.",
        )
    exact = {name: position for position, name in enumerate(names)}
    loose = {name.casefold(): position for position, name in enumerate(names)}
    positions: list[int | None] = []
    warnings: list[str] = []
    for column in contract.columns:
        plain = " ".join(column.local_name.split())
        position = exact.get(plain, loose.get(plain.casefold()))
        if position is not None and plain not in exact:
            warnings.append(
                f"Column '{column.local_name}' is written '{_short(names[position])}' in the header. It was "
                f"taken as the same."
            )
        positions.append(position)
    extra = [position for position in range(len(names)) if position not in positions]
    missing = [column for column, position in zip(contract.columns, positions, strict=True) if position is None]
    required = [column for column in missing if column.required]
    if required:
        hints = []
        for column in required:
            near = difflib.get_close_matches(column.local_name.casefold(), [names[p].casefold() for p in extra], 1, 0.6)
            close = next((names[p] for p in extra if near and names[p].casefold() == near[0]), None)
            hints.append(f"'{column.local_name}'" + (f" (is '{_short(close)}' meant?)" if close else ""))
        raise Rejected(
            "required_column",
            f"Required column{'s' if len(required) > 1 else ''} missing: {', '.join(hints)}.",
            f"Send the file with the agreed header {where}. Names must be as in the contract.",
        )
    if missing:
        warnings.append(f"Columns missing, taken as empty: {_listed([column.local_name for column in missing])}.")
    named_extra = [names[position] for position in extra if names[position]]
    if named_extra:
        warnings.append(f"Columns that were not agreed, left out: {_listed(named_extra)}.")
    present = [position for position in positions if position is not None]
    if present != sorted(present):
        warnings.append("Columns come in another order than agreed. They were matched by name.")
    return positions, extra, warnings


def _no_header(names: list[str], contract: FeedContract, where: str) -> Rejected:
    remedy = (
        f"The header is expected {where}, with the column names of the contract: "
        f"{_listed([c.local_name for c in contract.columns][:5])}, ..."
    )
    if len(names) == 1 and contract.format == "csv":
        counts = {other: names[0].count(other) for other in ",;|\t" if other != contract.delimiter}
        best = max(counts, key=counts.get)
        if counts[best] >= 2:
            words = {",": "commas", ";": "semicolons", "|": "vertical bars", "\t": "tabs"}
            return Rejected(
                "delimiter",
                f"Fields are separated by {words[best]}; {words.get(contract.delimiter, contract.delimiter)} "
                f"were agreed.",
                "Export the file with the agreed separator and send it again.",
            )
    return Rejected("header", f"There is no header {where}: none of the agreed column names is there.", remedy)


def _listed(names: list[str]) -> str:
    shown = ", ".join(f"'{_short(name)}'" for name in names[:10])
    return shown + (f" and {len(names) - 10:,} more" if len(names) > 10 else "")


def _short(text: str) -> str:
    clean = "".join(letter if letter.isprintable() else " " for letter in text)
    return clean if len(clean) <= 60 else clean[:57] + "..."


# --- Delimited text --------------------------------------------------------------------------------------------------


def _read_csv(staged: Staged, contract: FeedContract, careful: bool) -> Incoming:
    header, header_lines = _csv_header(staged.path, contract)
    where = f"in line {contract.header_row}"
    positions, extra, warnings = match_header(header, contract, where)
    if careful or staged.has_nul or header_lines > contract.header_row:
        return _read_csv_carefully(staged, contract, header, header_lines, positions, extra, warnings)
    columns = "{" + ", ".join(f"'f{position}': 'varchar'" for position in range(len(header))) + "}"
    relation = (
        f"read_csv({quote(str(staged.path))}, auto_detect = false, header = true, skip = {contract.header_row - 1}, "
        f"delim = {quote(contract.delimiter)}, quote = '\"', escape = '\"', columns = {columns}, strict_mode = true, "
        f"null_padding = false, {_buffers(staged.path, MAX_CELL)})"
    )
    extras = ", ".join(f"{quote(_short(header[p]))}, f{p}" for p in extra if header[p].strip())
    texts = _texts([None if p is None else f"f{p}" for p in positions])
    sql = (
        f"select {{record}} as _record, {{record}} + {contract.header_row} as _line, cast(null as varchar) as _broken, "
        f"cast(null as varchar) as _raw, "
        f"{f'cast(json_object({extras}) as varchar)' if extras else 'cast(null as varchar)'} as _extra, "
        f"{texts} from {relation}"
    )
    return Incoming(sql, warnings, header_lines, staged)


def _buffers(path: Path, longest: int) -> str:
    """Buffers no larger than the file: DuckDB clears all of what it is granted, which costs more than a small file."""
    longest = min(longest, path.stat().st_size + 64)
    return f"max_line_size = {longest}, buffer_size = {max(longest * 4, 1 << 16)}"


def _texts(fields: list[str | None]) -> str:
    return ", ".join(
        f"{'cast(null as varchar)' if name is None else name} as _t{position}" for position, name in enumerate(fields)
    )


def trimmed(contract: FeedContract, source: str, *, wide: bool) -> str:
    """SELECT over what a reader yields, with values trimmed and empty ones null.

    Tabs, non-breaking spaces and line ends are trimmed where `wide`: that takes three times as long as trimming spaces,
    so only files that hold such characters pay for it.
    """
    blanks = ", ' ' || chr(9) || chr(160) || chr(10) || chr(13)" if wide else ""
    made = [
        f"nullif(trim({name}{blanks}), '') as {name}" if name.startswith("_t") else name
        for name, _ in incoming_columns(contract)
    ]
    return f"select {', '.join(made)} from ({source})"


def _csv_header(path: Path, contract: FeedContract) -> tuple[list[str], int]:
    """The fields of the header record and the number of physical lines up to its end."""
    with path.open(encoding="utf-8", newline="") as file:
        head = file.read(HEADER_BYTES)
    lines = io.StringIO(head, newline="").readlines() if "\n" in head else head.splitlines(keepends=True)
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
        fields = _parse(record, contract.delimiter)
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


def _read_csv_carefully(staged, contract, header, header_lines, positions, extra, warnings) -> Incoming:
    """The slow reader: each record judged by itself, the result written as clean text for the fast one."""
    csv.field_size_limit(MAX_LINE)
    clean = staged.path.with_suffix(".clean")
    named = [(p, header[p].strip()) for p in extra if header[p].strip()]
    with clean.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, quoting=csv.QUOTE_MINIMAL, lineterminator="\n")
        writer.writerow([*CLEAN_HEADER, *(f"f{p}" for p in range(len(positions)))])
        for record, (line, broken, raw, fields) in enumerate(
            _records(staged.path, contract, len(header), header_lines), start=1
        ):
            if broken:
                writer.writerow([record, line, broken, _cut(raw), "", *([""] * len(positions))])
            else:
                others = json.dumps({name: fields[p] for p, name in named}, ensure_ascii=False) if named else ""
                writer.writerow([record, line, "", "", others, *("" if p is None else fields[p] for p in positions)])
    return _read_clean(clean, staged, len(positions), warnings)


def _read_clean(clean: Path, staged: Staged, width: int, warnings: list[str]) -> Incoming:
    names = [*CLEAN_HEADER, *(f"f{p}" for p in range(width))]
    columns = "{" + ", ".join(f"'{name}': 'varchar'" for name in names) + "}"
    staged.has_odd_space = True
    sql = (
        f"select cast(_record as bigint) as _record, cast(_line as bigint) as _line, _broken, _raw, _extra, "
        f"{_texts([f'f{p}' for p in range(width)])} from read_csv({quote(str(clean))}, auto_detect = "
        f"false, header = true, "
        f"delim = ',', quote = '\"', escape = '\"', columns = {columns}, strict_mode = true, parallel = false, "
        f"{_buffers(clean, MAX_LINE * 4)})"
    )
    return Incoming(sql, warnings, 0, staged)


def _records(
    path: Path, contract: FeedContract, width: int, header_lines: int
) -> Iterator[tuple[int, str | None, str, list[str]]]:
    """(line, what is wrong or None, the raw record, its fields) for every record after the header."""
    for line, raw, fields, broken in _raw_records(path, contract, header_lines):
        if broken is None and len(raw) > MAX_CELL and max(map(len, fields)) > MAX_CELL:
            broken = f"a field is longer than {MAX_CELL:,} characters"
        if broken is None and "\0" in raw:
            broken = "the record holds NUL characters: it is damaged"
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
    lines = _Lines(path)
    for _ in range(header_lines):
        lines.take()
    while (first := lines.take()) is not None:
        start = lines.number
        if not first.strip():
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


class _Lines:
    """Physical lines of a file (\\n, \\r\\n or \\r), with their number, that can be given back."""

    def __init__(self, path: Path):
        self.source = self._bounded(path)
        self.waiting: list[str] = []
        self.number = 0

    @staticmethod
    def _bounded(path: Path) -> Iterator[str]:
        with path.open(encoding="utf-8", newline=None) as file:
            while line := file.readline(MAX_LINE + 2):
                if len(line) > MAX_LINE and not line.endswith("\n"):
                    while (rest := file.readline(MAX_LINE)) and not rest.endswith("\n"):
                        pass
                yield line

    def take(self) -> str | None:
        line = self.waiting.pop() if self.waiting else next(self.source, None)
        if line is not None:
            self.number += 1
        return line

    def give_back(self, lines: list[str]) -> None:
        self.waiting.extend(reversed(lines))
        self.number -= len(lines)


def _cut(raw: str) -> str:
    raw = raw.rstrip("\r\n").replace("\0", "\N{SYMBOL FOR NULL}")
    return raw if len(raw) <= MAX_RAW else raw[:MAX_RAW]


# --- JSON lines ------------------------------------------------------------------------------------------------------


def _read_jsonl(staged: Staged, contract: FeedContract, careful: bool) -> Incoming:
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
    if careful or staged.has_nul:
        return _read_jsonl_carefully(staged, contract)
    paths = ["$." + ".".join(f'"{step}"' for step in column.path.split(".")) for column in contract.columns]
    listed = "[" + ", ".join(quote(path) for path in paths) + "]"
    texts = _texts([f"_values[{position + 1}]" for position in range(len(paths))])
    sql = (
        "select _record, _record as _line, "
        "case when _values is null then 'this line is not a JSON object: cut off, or written over several lines' "
        "when len(list_filter(_values, lambda v: v like '{%' or v like '[%')) > 0 "
        f"and list_has_any(json_type(_text, {listed}), ['OBJECT', 'ARRAY']) then 'a list or an object where a "
        f"single value was agreed' end as _broken, "
        f"case when _values is null then left(_text, {MAX_RAW}) end as _raw, _text as _extra, {texts} "
        "from (select _record, _text, case when json_valid(_text) and json_type(_text) = 'OBJECT' "
        f"then json_extract_string(_text, {listed}) end as _values "
        f"from (select {{record}} as _record, _text from read_csv({quote(str(staged.path))}, auto_detect = "
        f"false, header = false, "
        "delim = '\x01', quote = '', escape = '', columns = {'_text': 'varchar'}, strict_mode = true, "
        f"{_buffers(staged.path, MAX_CELL)})) where trim(_text) <> '')"
    )
    return Incoming(sql, [], 0, staged)


def _read_jsonl_carefully(staged: Staged, contract: FeedContract) -> Incoming:
    clean = staged.path.with_suffix(".clean")
    paths = [column.path.split(".") for column in contract.columns]
    lines = _Lines(staged.path)
    csv.field_size_limit(MAX_LINE)
    with clean.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow([*CLEAN_HEADER, *(f"f{p}" for p in range(len(paths)))])
        while (line := lines.take()) is not None:
            if not line.strip():
                continue
            broken, values = _json_values(line, paths)
            raw = _cut(line) if broken else ""
            writer.writerow([lines.number, lines.number, broken or "", raw, "" if broken else _cut(line), *values])
    return _read_clean(clean, staged, len(paths), [])


def _json_values(line: str, paths: list[list[str]]) -> tuple[str | None, list[str]]:
    nothing = [""] * len(paths)
    if len(line) > MAX_LINE:
        return f"the line is longer than {MAX_LINE:,} characters", nothing
    if "\0" in line:
        return "the record holds NUL characters: it is damaged", nothing
    try:
        record = json.loads(line, parse_float=str, parse_int=str)
    except (ValueError, RecursionError):
        record = None
    if not isinstance(record, dict):
        return "this line is not a JSON object: cut off, or written over several lines", nothing
    values = []
    for path in paths:
        value: Any = record
        for step in path:
            value = value.get(step) if isinstance(value, dict) else None
        if isinstance(value, dict | list):
            return "a list or an object where a single value was agreed", nothing
        text = "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
        if len(text) > MAX_CELL:
            return f"a field is longer than {MAX_CELL:,} characters", nothing
        values.append(text)
    return None, values


# --- Excel -----------------------------------------------------------------------------------------------------------


def _read_xlsx(staged: Staged, contract: FeedContract) -> Incoming:
    rows, warnings = _sheet(staged, contract)
    where = f"in row {contract.header_row} of sheet '{contract.sheet}'"
    header = (
        [_cell(value, "varchar") or "" for value in rows[contract.header_row - 1]]
        if len(rows) >= contract.header_row
        else []
    )
    try:
        positions, extra, noticed = match_header(header, contract, where)
    except Rejected as refused:
        wanted = {column.local_name.casefold() for column in contract.columns}
        scores = [
            (sum(str(value).strip().casefold() in wanted for value in row), number)
            for number, row in enumerate(rows[:30], start=1)
        ]
        best = max(scores, default=(0, 0), key=lambda score: score[0])
        if refused.kind == "header" and best[0] >= 2 and best[1] != contract.header_row:
            raise Rejected("header", f"The header is in row {best[1]}; it was agreed for row {contract.header_row}.",
                           "Keep the agreed number of title rows above the header.") from None  # fmt: skip
        raise
    kinds = [column.data_type for column in contract.columns]
    named = [(position, header[position]) for position in extra if header[position]]
    clean = staged.path.with_suffix(".clean")
    record = 0
    with clean.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow([*CLEAN_HEADER, *(f"f{p}" for p in range(len(kinds)))])
        for number, row in enumerate(rows[contract.header_row :], start=contract.header_row + 1):
            if all(value == "" or value is None for value in row):
                continue
            record += 1
            texts = [
                "" if p is None or p >= len(row) else _cell(row[p], kind)
                for p, kind in zip(positions, kinds, strict=True)
            ]
            if max(map(len, texts)) > MAX_CELL:
                raw = _cut("|".join(_cell(value, "varchar") for value in row))
                writer.writerow(
                    [record, number, f"a field is longer than {MAX_CELL:,} characters", raw, "", *[""] * len(kinds)]
                )
                continue
            others = (
                json.dumps({name: _cell(row[p], "varchar") for p, name in named if p < len(row)}, ensure_ascii=False)
                if named
                else ""
            )
            writer.writerow([record, number, "", "", others, *texts])
    return _read_clean(clean, staged, len(kinds), warnings + noticed)


def _sheet(staged: Staged, contract: FeedContract) -> tuple[list[list[Any]], list[str]]:
    """All rows of the agreed sheet from row 1, whatever is above the data."""
    from python_calamine import CalamineError, PasswordError, SheetVisibleEnum, load_workbook

    remedy = "Save it as an Excel workbook (.xlsx) without a password and send it again."
    with staged.path.open("rb") as file:
        head = file.read(8)
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        raise Rejected("unreadable", "The workbook is protected with a password, or in the old .xls format.", remedy)
    try:
        with zipfile.ZipFile(staged.path) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
    except (zipfile.BadZipFile, OSError, ValueError):
        raise Rejected("unreadable", "The file is not an Excel workbook (.xlsx), or it was cut off.", remedy) from None
    if unpacked > MAX_XLSX_BYTES or unpacked > MAX_XLSX_RATIO * max(staged.size, 1 << 20):
        raise Rejected(
            "limits",
            f"The workbook unpacks to {unpacked / 1e6:,.0f} MB, more than can be taken.",
            "Send the data without formatting, or in parts.",
        )
    try:
        workbook = load_workbook(str(staged.path))
        if contract.sheet not in workbook.sheet_names:
            raise Rejected(
                "sheet",
                f"The workbook has no sheet '{contract.sheet}'; it has {_listed(workbook.sheet_names)}.",
                f"Name the sheet '{contract.sheet}'.",
            )
        warnings = [
            f"Sheet '{contract.sheet}' is hidden. It was read all the same."
            for sheet in workbook.sheets_metadata
            if sheet.name == contract.sheet and sheet.visible != SheetVisibleEnum.Visible
        ]
        sheet = workbook.get_sheet_by_name(contract.sheet)
        if sheet.width > MAX_COLUMNS:
            raise Rejected(
                "limits",
                f"The sheet has {sheet.width:,} columns; at most {MAX_COLUMNS:,} are taken.",
                "Send the agreed columns only.",
            )
        return sheet.to_python(skip_empty_area=False), warnings
    except PasswordError:
        raise Rejected("unreadable", "The workbook is protected with a password.", remedy) from None
    except CalamineError as problem:
        raise Rejected("unreadable", f"The workbook cannot be read: {problem}.", remedy) from None


def _cell(value: Any, kind: str) -> str:
    """A cell as text. Numbers show every digit and never an exponent; dates and times are ISO 8601."""
    given = type(value)
    if given is str:
        return value
    if given is float:
        return str(int(value)) if value.is_integer() else format(Decimal(repr(value)), "f")
    if value is None:
        return ""
    if given is bool:
        return "true" if value else "false"
    if isinstance(value, datetime):
        return (
            value.strftime("%Y-%m-%d") if kind == "date" and value.time() == time() else value.isoformat(" ", "seconds")
        )
    if isinstance(value, date):
        return f"{value.isoformat()} 00:00:00" if kind == "timestamp" else value.isoformat()
    if isinstance(value, time):
        return value.strftime("%H:%M:%S")
    if isinstance(value, timedelta):
        seconds = round(value.total_seconds())
        return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    return str(value)
