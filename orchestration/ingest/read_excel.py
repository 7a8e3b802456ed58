"""Excel workbooks, through calamine (decision 0011)."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import chain, islice
from operator import itemgetter
from typing import Any

from orchestration.contracts import FeedContract
from orchestration.ingest.headers import header_elsewhere, listed, match_header
from orchestration.ingest.incoming import CLEAN_HEADER, HEADER_AGAIN, MAX_CELL, Incoming, cut, read_clean
from orchestration.ingest.outcome import Rejected
from orchestration.ingest.stage import Staged
from orchestration.ingest.workbook import REMEDY, Noted, look_into

LOOK_FOR_HEADER = 30


class CellError(str):
    """What Excel shows where a formula failed: #DIV/0!, #N/A, ..."""


@dataclass
class Sheet:
    rows: Iterator[list[Any]]
    warnings: list[str]
    has_merged_header: bool


def read_excel(staged: Staged, contract: FeedContract) -> Incoming:
    sheet = _sheet(staged, contract)
    above = list(islice(sheet.rows, max(contract.header_row, LOOK_FOR_HEADER)))
    header = (
        [_cell(value, "varchar") for value in above[contract.header_row - 1]]
        if len(above) >= contract.header_row
        else []
    )
    try:
        positions, extra, noticed = match_header(
            header, contract, f"in row {contract.header_row} of sheet '{contract.sheet}'"
        )
    except Rejected as refused:
        raise _better_said(refused, above, sheet, contract) from None
    kinds = [column.data_type for column in contract.columns]
    named = [(position, header[position]) for position in extra if header[position]]
    # A column that the sheet lacks is read from an empty cell after the last one.
    places = [-1 if position is None else position for position in positions]
    wanted = itemgetter(*places) if len(places) > 1 else lambda row: (row[places[0]],)
    first = next(position for position in positions if position is not None)
    clean = staged.path.with_suffix(".clean")
    record = 0
    with clean.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow([*CLEAN_HEADER, *(f"f{p}" for p in range(len(kinds)))])
        below = chain(above[contract.header_row :], sheet.rows)
        for number, row in enumerate(below, start=contract.header_row + 1):
            if not any(row) and all(value == "" or value is None for value in row):
                continue
            record += 1
            cells = wanted(row + [""] * max(1, len(header) + 1 - len(row)))
            texts = [
                value if value.__class__ is str else _cell(value, kind)
                for value, kind in zip(cells, kinds, strict=True)
            ]
            if max(map(len, texts)) > MAX_CELL:
                broken = f"a field is longer than {MAX_CELL:,} characters"
                writer.writerow([record, number, broken, _raw(row), "", *[""] * len(kinds)])
                continue
            if (
                row[first : first + 1] == header[first : first + 1]
                and [_cell(value, "varchar") for value in row] == header
            ):
                writer.writerow([record, number, HEADER_AGAIN, _raw(row), "", *[""] * len(kinds)])
                continue
            others = (
                json.dumps({name: _cell(row[p], "varchar") for p, name in named if p < len(row)}, ensure_ascii=False)
                if named
                else ""
            )
            writer.writerow([record, number, "", "", others, *texts])
    return read_clean(clean, staged, len(kinds), sheet.warnings + noticed)


def _better_said(refused: Rejected, above: list[list[Any]], sheet: Sheet, contract: FeedContract) -> Rejected:
    """Why a header does not fit, where it can be seen."""
    if refused.kind == "header":
        found = header_elsewhere(([str(value) for value in row] for row in above[:LOOK_FOR_HEADER]), contract)
        if found is not None:
            return Rejected(
                "header",
                f"The header is in row {found}; it was agreed for row {contract.header_row}.",
                "Keep the agreed number of title rows above the header.",
            )
    if sheet.has_merged_header and refused.kind in ("header", "required_column"):
        return Rejected(
            refused.kind,
            f"{refused.reason} Cells of the header are merged: only the first of them has a name.",
            f"Unmerge the cells of the header and name each column. {refused.remedy}",
        )
    return refused


def _raw(row: list[Any]) -> str:
    return cut("|".join(_cell(value, "varchar") for value in row))


def _sheet(staged: Staged, contract: FeedContract) -> Sheet:
    """The rows of the agreed sheet from row 1, whatever is above the data."""
    from python_calamine import CalamineError, SheetVisibleEnum, load_workbook

    noted = look_into(staged.path, staged.size, contract.sheet)
    try:
        workbook = load_workbook(str(staged.path))
        if contract.sheet not in workbook.sheet_names:
            raise Rejected(
                "sheet",
                f"The workbook has no sheet '{contract.sheet}'; it has {listed(workbook.sheet_names)}.",
                f"Name the sheet '{contract.sheet}'.",
            )
        warnings = [
            f"Sheet '{contract.sheet}' is hidden. It was read all the same."
            for sheet in workbook.sheets_metadata
            if sheet.name == contract.sheet and sheet.visible != SheetVisibleEnum.Visible
        ]
        sheet = workbook.get_sheet_by_name(contract.sheet)
        merged = [
            first for first, last in sheet.merged_cell_ranges or [] if first[0] <= contract.header_row - 1 <= last[0]
        ]
        return Sheet(_rows(sheet, noted), [*warnings, *_told(noted)], bool(merged))
    except CalamineError as problem:
        raise Rejected("unreadable", f"The workbook cannot be read: {problem}.", REMEDY) from None
    except BaseException as problem:
        if type(problem).__name__ != "PanicException":  # calamine gave up; its exception is no Exception
            raise
        raise Rejected("unreadable", "The workbook is damaged: its parts do not fit together.", REMEDY) from None


def _rows(sheet: Any, noted: Noted) -> Iterator[list[Any]]:
    """Rows of a sheet one at a time, from A1, with errors where calamine gives nothing."""
    before = [""] * (sheet.start[1] if sheet.start else 0)
    rows_with_errors = {row for row, _ in noted.errors}
    for number, row in enumerate(sheet.iter_rows(), start=1):
        row = before + row if before else row
        if number in rows_with_errors:
            row = [
                CellError(noted.errors[number, column]) if (number, column) in noted.errors else value
                for column, value in enumerate(row, start=1)
            ]
        yield row


def _told(noted: Noted) -> list[str]:
    said = []
    if noted.errors:
        said.append(
            f"{len(noted.errors):,} cells hold an error of Excel instead of a value: {_places(noted.errors)}. "
            "Correct the formulas there; text cells were read as empty."
        )
    if noted.unsaved:
        said.append(
            f"{len(noted.unsaved):,} cells hold a formula whose result was not saved: {_places(noted.unsaved)}. They "
            "were read as empty. Open the workbook in Excel and save it, or send values."
        )
    return said


def _places(cells: Iterable[tuple[int, int]]) -> str:
    names = [f"{_letters(column)}{row}" for row, column in sorted(cells)[:10]]
    return ", ".join(names) + (", ..." if len(names) == 10 else "")


def _letters(column: int) -> str:
    name = ""
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(65 + rest) + name
    return name


def _cell(value: Any, kind: str) -> str:
    """A cell as text. Numbers show every digit and never an exponent; dates and times are ISO 8601."""
    given = type(value)
    if given is str:
        return value
    if given is CellError:  # as text it would pass for a name or a key
        return "" if kind == "varchar" else str(value)
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
