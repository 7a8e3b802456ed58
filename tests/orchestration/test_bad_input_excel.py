"""Bad workbooks. What Excel shows and what it saves are not always the same; each difference has its name."""

from __future__ import annotations

import io
import struct
import zipfile

import openpyxl
import pytest
from bad_input_kit import Case, rezipped, take
from ingest_kit import EXCEL, GOOD, rows, text, workbook

SHEET, STRINGS = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"
SAVE_AGAIN = "Save it as an Excel workbook (.xlsx) without a password and send it again."


def edited(change, count: int = 3) -> bytes:
    """A good workbook after `change(sheet)`. openpyxl saves formulas without their results."""
    book = openpyxl.load_workbook(io.BytesIO(workbook(rows(count))))
    change(book["Visits"])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def with_cell(place: str, value) -> bytes:
    return edited(lambda sheet: sheet.__setitem__(place, value))


def as_number(sheet) -> None:
    sheet["D6"] = 45662
    sheet["D6"].number_format = "General"


def rewritten(part: str, old: bytes, new: bytes | None) -> bytes:
    def change(name: str, content: bytes) -> bytes | None:
        if name != part:
            return content
        assert old in content
        return None if new is None else content.replace(old, new, 1)

    return rezipped(workbook(rows(3)), change)


def chart_sheet() -> bytes:
    book, out = openpyxl.Workbook(), io.BytesIO()
    book.active.title = "Data"
    book.create_chartsheet("Visits")
    book.save(out)
    return out.getvalue()


def empty_sheet() -> bytes:
    book, out = openpyxl.Workbook(), io.BytesIO()
    book.active.title = "Visits"
    book.save(out)
    return out.getvalue()


def bomb() -> bytes:
    """320 MB in 300 kB."""
    out = io.BytesIO(workbook(rows(1)))
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as archive, archive.open("xl/more.xml", "w") as file:
        for _ in range(320):
            file.write(b" " * 1_000_000)
    return out.getvalue()


def bomb_that_lies() -> bytes:
    """The same, while the archive's list says that it is 100 bytes."""
    content = bytearray(bomb())
    at = content.rindex(b"PK\x01\x02")
    struct.pack_into("<I", content, at + 24, 100)
    return bytes(content)


def refused(name: str, content, kind: str, said: str, remedy: str) -> Case:
    return Case(name, content, said, remedy, kind, contract=EXCEL, file="Visits 1.xlsx")


def unreadable(name: str, content, said: str) -> Case:
    return refused(name, content, "unreadable", said, SAVE_AGAIN)


def taken(name: str, content, said: str, remedy: str = "", **more) -> Case:
    return Case(name, content, said, remedy, **{"kept": "V1 V2 V3", "contract": EXCEL, "file": "Visits 1.xlsx", **more})


GOOD_BOOK = workbook(rows(3))
FAR = "Delete whatever stands far below the data"
MERGED = "Unmerge the cells of the header and name each column."
ERRORS = edited(lambda sheet: (sheet.__setitem__("F6", "#DIV/0!"), sheet.__setitem__("K7", "#N/A")))
EMPTY = {"required visit_id": 1, "required arrived_at": 1}
CASES = [
    unreadable("protected with a password", b"\xd0\xcf\x11\xe0" + bytes(600), "protected with a password, or in"),
    unreadable("cut short", GOOD_BOOK[:2000], "not an Excel workbook (.xlsx), or it was cut off"),
    unreadable("text called Excel", text(rows(3)), "not an Excel workbook (.xlsx), or it was cut off"),
    unreadable("broken archive", b"PK\x03\x04" + bytes(600), "not an Excel workbook (.xlsx), or it was cut off"),
    unreadable("bytes changed on the way", GOOD_BOOK[:700] + bytes(50) + GOOD_BOOK[750:], "or it was cut off"),
    unreadable("no workbook inside", rezipped(GOOD_BOOK, lambda n, c: c if n[0] == "[" else None), "cannot be read"),
    unreadable("sheet cut within", rezipped(GOOD_BOOK, lambda n, c: c[: len(c) // 2] if n == SHEET else c), "cannot"),
    unreadable("sheet left out", rewritten(SHEET, b"", None), "The workbook cannot be read: Visits."),
    unreadable("texts left out", rewritten(STRINGS, b"", None), "string index not found in shared strings table"),
    unreadable("cell without a place", rewritten(SHEET, b'r="A5"', b'r="A0"'), "The workbook cannot be read"),
    refused("bomb", bomb, "limits", "The workbook unpacks to", "Send the data without formatting, or in parts."),
    unreadable("bomb that lies", bomb_that_lies, "or it was cut off"),
    refused("a cell far below", with_cell("A1048576", "x"), "limits", "reaches down to row 1,048,576", FAR),
    refused("a cell far right", with_cell("XFD5", "x"), "limits", "16,384 columns; at most 1,000", "far to the right"),
    refused("a cell at the end", with_cell("XFD1048576", "x"), "limits", "16,384 columns", "far to the right"),
    refused("far, and oddly written", rewritten(SHEET, b' r="A5"', b"\tr='A9000000'"), "limits", "row 9,000,000", FAR),
    refused("far and wide", with_cell("DZ90000", "x"), "limits", "reaches down to row 90,000", FAR),
    taken("wide", with_cell("DZ9", "x"), "3 of 4 records", "'Visit No'", rules=EMPTY, lines={9: "(empty)"}),
    refused("a cell beyond", rewritten(SHEET, b'r="A5"', b'r="ZZZZZZZZZ5"'), "limits", "columns; at most", "delete"),
    refused("another sheet", workbook(rows(3), sheet="Sheet1"), "sheet", "it has 'Sheet1'", "Name the sheet 'Visits'."),
    refused("space in its name", workbook(rows(3), sheet="Visits "), "sheet", "it has 'Visits '", "Name the sheet"),
    refused("chart called Visits", chart_sheet, "header", "There is no header in row 4", "'Visit No', 'Arrived'"),
    refused("empty sheet", empty_sheet, "header", "There is no header in row 4", "The header is expected in row 4"),
    refused("header too high", workbook(rows(3), header_row=3), "header", "The header is in row 3; it", "title rows"),
    refused("merged header", edited(lambda s: s.merge_cells("A4:C4")), "required_column", "Cells of the", MERGED),
    taken("merged records", edited(lambda s: s.merge_cells("F5:F7")), "Every record passed every check"),
    taken("hidden sheet", workbook(rows(3), hide=True), "Sheet 'Visits' is hidden. It was read all the same."),
    taken(
        "formulas without results", edited(lambda s: (s.__setitem__("F5", "=1+1"), s.__setitem__("L6", "=F5"))),
        "2 cells hold a formula whose result was not saved: F5, L6.", "Open the workbook in Excel and save it",
    ),
    taken(
        "formulas that failed", ERRORS, "2 cells hold an error of Excel instead of a value: F6, K7.", "'Beds' is not a",
        rules={"type beds": 1}, lines={6: "`#DIV/0!`"}, kept="V1 V3",
    ),
    taken(
        "a key whose formula failed", with_cell("A6", "#N/A"), "1 cells hold an error of Excel instead of a value: A6.",
        "Fill in 'Visit No'", rules={"required visit_id": 1}, lines={6: "(empty)"}, kept="V1 V3",
    ),
    taken(
        "days as numbers", edited(as_number), "'Seen On' is not a real date in the form",
        "(or a date cell)", rules={"type seen_on": 1}, lines={6: "45662"}, kept="V1 V3",
    ),
    taken(
        "31 February as text", with_cell("D6", "31/02/2025"), "'Seen On' is not a real date", "Send 'Seen On' as",
        rules={"type seen_on": 1}, lines={6: "31/02/2025"}, kept="V1 V3",
    ),
    taken(
        "NHS number shortened", with_cell("M6", "9.99E+09"), "'NHS No' is not a valid NHS number",
        "a spreadsheet damaged them", rules={"nhs_number nhs_number": 1}, lines={6: "9.99A+99"},
    ),
    taken(
        "SNOMED rounded", with_cell("T6", 1048031000000000), "'Complaint' is not a valid SNOMED CT identifier",
        "A spreadsheet may have rounded it", rules={"snomed complaint_code": 1}, lines={6: "1048031000000000"},
    ),
    taken(
        "leading zero lost", with_cell("J6", 1), "'Kind' holds a code that was not agreed.", "Use one of '01', '02'",
        rules={"accepted kind": 1}, lines={6: "`1`"}, kept="V1 V3",
    ),
    taken(
        "header again", edited(lambda s: [s.cell(6, n, name) for n, name in enumerate(GOOD, start=1)]),
        "the header stands here once more", rules={"record_shape": 1}, lines={6: "the header stands"}, kept="V1 V3",
    ),
    taken(
        "a cell of 10 million letters", lambda: rewritten(STRINGS, b"<t>V2<", b"<t>" + b"x" * 10_000_000 + b"<"),
        "a field is longer than 1,000,000 characters", rules={"record_shape": 1}, lines={6: "longer"}, kept="V1 V3",
    ),
    taken("rows of spaces", edited(lambda s: s.insert_rows(6, 2)), "3 of 3 records accepted"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_bad_workbook(case, tmp_path):
    take(case, tmp_path)
