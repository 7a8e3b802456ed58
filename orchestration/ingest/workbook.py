"""Is a workbook safe to open, and what does calamine not say about it? Read from its XML before it is opened.

calamine holds the rectangle from A1 to the furthest cell in memory: one stray cell in XFD1048576 asks for 700 GB and
ends the process. It also gives a cell in error, and a formula whose result was not saved, as an empty one.
"""

from __future__ import annotations

import html
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from orchestration.ingest.headers import MAX_COLUMNS
from orchestration.ingest.outcome import Rejected

MAX_BYTES = 1 << 30
MAX_RATIO = 300
MAX_CELLS = 10_000_000
MAX_PARTS = 10_000
MAX_NOTED = 10_000
CHUNK = 1 << 20
OVERLAP = 1 << 12
# Where a sheet ends is seen from cells beyond column Z or row 99,999 alone; a fixed beginning makes the search quick.
FAR = re.compile(rb' r="(?=[A-Za-z]{2}|[A-Za-z]?[0-9]{6})([A-Za-z]*)([0-9]+)"')
ANY = re.compile(rb"""\sr\s*=\s*["']([A-Za-z]*)([0-9]+)["']""")
UNUSUAL = (b"r='", b"r =", b"r= ", b"\tr=", b"\nr=", b"\rr=")
NEAR_COLUMNS, NEAR_ROWS = 26, 99_999
CELL = re.compile(rb"<c\s([^>]*[^>/])>(.*?)</c>", re.DOTALL)
PLACE = re.compile(rb"""\br=["']([A-Z]{1,3})([0-9]{1,7})["']""")
VALUE = re.compile(rb"<v[^>]*>([^<]*)</v>")
REMEDY = "Save it as an Excel workbook (.xlsx) without a password and send it again."
DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError)


@dataclass
class Noted:
    """Cells of a sheet, as (row, column) from 1: those in error with the error, and formulas without a result."""

    errors: dict[tuple[int, int], str] = field(default_factory=dict)
    unsaved: list[tuple[int, int]] = field(default_factory=list)


def look_into(path: Path, size: int, sheet: str) -> Noted:
    """What stands in the cells of `sheet`. Raises Rejected where a workbook is damaged, protected or too large."""
    with path.open("rb") as file:
        if file.read(4) == b"\xd0\xcf\x11\xe0":
            raise Rejected(
                "unreadable", "The workbook is protected with a password, or in the old .xls format.", REMEDY
            )
    try:
        with zipfile.ZipFile(path) as archive:
            return _look_into(archive, min(MAX_BYTES, MAX_RATIO * max(size, 1 << 20)), sheet)
    except RuntimeError:
        raise Rejected("unreadable", "The workbook is protected with a password.", REMEDY) from None
    except DAMAGED:
        raise Rejected("unreadable", "The file is not an Excel workbook (.xlsx), or it was cut off.", REMEDY) from None


def _look_into(archive: zipfile.ZipFile, limit: int, sheet: str) -> Noted:
    parts = archive.infolist()
    promised = sum(part.file_size for part in parts)
    if promised > limit or len(parts) > MAX_PARTS:
        raise _too_large(promised)
    noted, wanted = Noted(), _part_of(archive, sheet)
    for part in parts:
        text, is_odd, columns, rows = b"", False, NEAR_COLUMNS, NEAR_ROWS
        for chunk in _inflated(archive, part):
            text = text[-OVERLAP:] + chunk
            is_odd = is_odd or b't="e"' in text or b"<f" in text
            pattern = ANY if any(sign in text for sign in UNUSUAL) else FAR
            columns, rows = _further(text, pattern, columns, rows)
            _allow(columns, rows if rows > NEAR_ROWS else 1)
        if columns * rows > MAX_CELLS:  # a wide sheet: count its rows
            rows, text = 1, b""
            for chunk in _inflated(archive, part):
                text = text[-OVERLAP:] + chunk
                columns, rows = _further(text, ANY, columns, rows)
            _allow(columns, rows)
        if is_odd and part.filename == wanted:
            _note(archive, part, noted)
    return noted


def _further(text: bytes, pattern: re.Pattern, columns: int, rows: int) -> tuple[int, int]:
    for letters, digits in pattern.findall(text):
        columns, rows = max(columns, _column(letters)), max(rows, int(digits[:12]))
    return columns, rows


def _allow(columns: int, rows: int) -> None:
    if columns > MAX_COLUMNS:
        raise Rejected(
            "limits",
            f"The sheet has {columns:,} columns; at most {MAX_COLUMNS:,} are taken.",
            "Send the agreed columns only, and delete whatever stands far to the right of them.",
        )
    if columns * rows > MAX_CELLS:
        raise Rejected(
            "limits",
            f"The sheet reaches down to row {rows:,}: more cells than can be taken.",
            "Delete whatever stands far below the data, or send the data in parts.",
        )


def _inflated(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> Iterator[bytes]:
    # No more than is promised comes out; where that was a lie, the checksum is wrong and the archive is damaged.
    with archive.open(part) as file:
        while chunk := file.read(CHUNK):
            yield chunk


def _too_large(unpacked: int) -> Rejected:
    return Rejected(
        "limits",
        f"The workbook unpacks to {unpacked / 1e6:,.0f} MB, more than can be taken.",
        "Send the data without formatting, or in parts.",
    )


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters.upper()[:6]:
        number = number * 26 + letter - 64
    return number


def _part_of(archive: zipfile.ZipFile, sheet: str) -> str | None:
    """The part of the archive that holds a sheet."""
    try:
        book, links = (
            archive.read(name).decode("utf-8", "replace") if archive.getinfo(name).file_size < 1 << 22 else ""
            for name in ("xl/workbook.xml", "xl/_rels/workbook.xml.rels")
        )
    except KeyError:
        return None
    ids = {_attribute(tag, "name"): _attribute(tag, r"\w+:id") for tag in re.findall(r"<(?:\w+:)?sheet\s[^>]*>", book)}
    targets = {_attribute(tag, "Id"): _attribute(tag, "Target") for tag in re.findall(r"<Relationship\s[^>]*>", links)}
    target = targets.get(ids.get(sheet) or "")
    return None if not target else target[1:] if target.startswith("/") else f"xl/{target}"


def _attribute(tag: str, name: str) -> str | None:
    found = re.search(rf"""\s{name}\s*=\s*(?:"([^"]*)"|'([^']*)')""", tag)
    return html.unescape(found[1] or found[2] or "") if found else None


def _note(archive: zipfile.ZipFile, part: zipfile.ZipInfo, noted: Noted) -> None:
    text = b""
    for chunk in _inflated(archive, part):
        text += chunk
        end = text.rfind(b"</c>") + 4
        done, text = text[:end], text[end:][-CHUNK:]
        if b't="e"' not in done and b"<f" not in done:
            continue
        for attributes, inside in CELL.findall(done):
            place, value = PLACE.search(attributes), VALUE.search(inside)
            if not place or len(noted.errors) + len(noted.unsaved) >= MAX_NOTED:
                continue
            at = int(place[2]), _column(place[1])
            if b't="e"' in attributes and value:
                noted.errors[at] = value[1].decode("utf-8", "replace")
            elif b"<f" in inside and b't="str"' not in attributes and not (value and value[1]):
                noted.unsaved.append(at)
