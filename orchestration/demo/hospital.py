"""The acute trust's three patient administration systems: three dialects for the same things.

Broomfield (Lorenzo): text with bars, compact dates. Southend (CareFlow): Windows-1252 CSV, British dates to the minute,
local codes and a trailer. Basildon: Excel workbooks with title rows, real dates between dates that somebody typed.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np

from orchestration.demo import clock, delivery, formats
from orchestration.demo.table import Table, words
from orchestration.demo.world import World

SITE_OF = {"broomfield": "RAJ32", "southend": "RAJ01", "basildon": "RAJ12"}
SEX = {
    "broomfield": {"1": "M", "2": "F", "9": "I", "X": "U"},
    "southend": {"1": "1", "2": "2", "9": "9", "X": "0"},
    "basildon": {"1": "Male", "2": "Female", "9": "Indeterminate", "X": "Not known"},
}
OLD_SITE = {"broomfield": "RQ8L0", "southend": "SOU", "basildon": "RDDH0"}
DELIVERED = {"broomfield": (6, 30), "southend": (6, 0), "basildon": (7, 0)}
INCIDENT_PREFIX = {"broomfield": "BRM-", "southend": "SUH/", "basildon": "BTUH "}
STAMP = {"broomfield": "%Y%m%d%H%M%S", "southend": "%d/%m/%Y %H:%M"}
DATE = {"broomfield": "%Y%m%d", "southend": "%d/%m/%Y"}


@dataclass(frozen=True)
class Column:
    """A column of a file: its header, where it comes from, and how it is written: text, stamp, date or number."""

    header: str
    source: str
    form: str = "text"


def schedule(world: World, hospital: str, name_of_month: str, name_of_day: str) -> delivery.Schedule:
    end, start = world.period.end, world.period.start
    daily = max(start, end - dt.timedelta(days=6))
    hour, minute = DELIVERED[hospital]
    made = delivery.Schedule()
    delivery.months(made, world.period, daily - dt.timedelta(days=1), name_of_month)
    delivery.days(made, daily, end, name_of_day, hour, minute)
    return made


def mapped(values: np.ndarray, codes: dict[str, str]) -> np.ndarray:
    """Local codes for national ones; what has no local code is written as it is."""
    return words([codes.get(value, value) for value in values])


def impossible(local: np.ndarray, pattern: str) -> np.ndarray:
    """The same times on the 31 February."""
    day, month = ("31", "02")
    texts = clock.text(local, pattern)
    if pattern.startswith("%d"):
        return words([f"{day}/{month}{value[5:]}" for value in texts])
    if pattern.startswith("%Y%m"):
        return words([f"{value[:4]}{month}{day}{value[8:]}" for value in texts])
    return words([f"{value[:4]}-{month}-{day}{value[10:]}" for value in texts])


def site_names(hospital: str, site: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Basildon writes its name or its code, as the clerk likes."""
    if hospital != "basildon":
        return site
    return np.where((site == "RAJ12") & (rng.random(len(site)) < 0.7), "Basildon Hospital", site)


def render_text(hospital: str, layout: tuple[Column, ...], rows: Table, overrides: Table) -> list[np.ndarray]:
    """Columns as texts. Times are already wall time; `overrides` holds texts that replace a column's where not None."""
    body = []
    for column in layout:
        values = rows[column.source]
        if column.form == "stamp":
            values = clock.text(values, STAMP[hospital])
        elif column.form == "date":
            values = clock.text(values, DATE[hospital])
        elif column.form == "time":
            values = clock.text(values, "%H%M%S")
        else:
            values = formats.plain(values)
        if column.source in overrides and column.form in ("stamp", "date"):
            values = np.where(np.equal(overrides[column.source], None), values, overrides[column.source])
        body.append(values)
    return body


def render_cells(
    layout: tuple[Column, ...], rows: Table, typed: np.ndarray, overrides: Table, numeric: np.ndarray
) -> list[list[str]]:
    """Columns as Excel cells: real dates, or text where a clerk typed them (`typed`)."""
    body = []
    for column in layout:
        values = rows[column.source]
        if column.form in ("stamp", "date"):
            with_time = column.form == "stamp"
            cells = formats.date_cells(values, with_time)
            texts = np.where(typed, formats.excel_text(values, with_time), None)
            if column.source in overrides:
                texts = np.where(np.equal(overrides[column.source], None), texts, overrides[column.source])
            as_text = formats.text_cells(formats.plain(texts))
            cells = [
                text if value is not None else cell for cell, text, value in zip(cells, as_text, texts, strict=True)
            ]
        elif column.source == "nhs_number":
            # some numbers were typed into cells that Excel takes for numbers
            digits = (
                numeric
                & ~np.equal(values, None).astype(bool)
                & np.array([" " not in (v or " ") for v in values], dtype=bool)
            )
            cells = [
                number if digit else text
                for number, text, digit in zip(
                    formats.number_cells(values), formats.text_cells(formats.plain(values)), digits, strict=True
                )
            ]
        else:
            cells = formats.text_cells(formats.plain(values))
        body.append(cells)
    return body


def text_file(hospital: str, header: list[str], body: list[np.ndarray], part: slice, truncated: bool = False) -> bytes:
    if hospital == "broomfield":
        return "".join(formats.delimited(header, [column[part] for column in body], "|")).encode()
    lines = formats.delimited(header, [column[part] for column in body], ",", "\r\n")
    trailer = f"TRAILER,{len(lines) - 1}\r\n"
    if truncated:
        lines = lines[: 1 + len(lines) // 2] if len(lines) > 2 else lines[:1]
    return "".join([*lines, trailer]).encode("cp1252")
