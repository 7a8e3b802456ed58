"""Excel workbooks, through calamine (decision 0011)."""

from __future__ import annotations

import csv
import json
import zipfile
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from orchestration.contracts import FeedContract
from orchestration.ingest.headers import MAX_COLUMNS, listed, match_header
from orchestration.ingest.incoming import CLEAN_HEADER, MAX_CELL, Incoming, cut, read_clean
from orchestration.ingest.outcome import Rejected
from orchestration.ingest.stage import Staged

MAX_XLSX_BYTES = 1 << 30
MAX_XLSX_RATIO = 300


def read_excel(staged: Staged, contract: FeedContract) -> Incoming:
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
                raw = cut("|".join(_cell(value, "varchar") for value in row))
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
    return read_clean(clean, staged, len(kinds), warnings + noticed)


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
                f"The workbook has no sheet '{contract.sheet}'; it has {listed(workbook.sheet_names)}.",
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
