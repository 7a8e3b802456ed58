"""Files as they really come: encodings, line ends, trailers, spreadsheets, JSON lines, and ways to spoil them."""

from __future__ import annotations

import datetime as dt
import io
import json

import openpyxl
import pytest
import xlsxwriter
from ingest_kit import CONTRACT, GOOD, Hub, failed, rows, text

# --- Delimited text ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_line_ends(tmp_path, newline):
    outcome = Hub(tmp_path).take(text(rows(3), newline=newline))
    assert (outcome.status, outcome.rows_accepted, outcome.warnings) == ("accepted", 3, [])


def test_mixed_line_ends_embedded_newlines_and_quotes(tmp_path):
    hub = Hub(tmp_path)
    records = rows(3, Surname='Smith "Junior",\nAnn')
    content = text(records).replace("Junior", "Junior", 1)
    first, rest = content.split("\n", 1)
    outcome = hub.take(first + "\r\n" + rest)
    assert (outcome.status, outcome.rows_accepted) == ("accepted", 3)
    assert hub.data("surname")[0][0] == 'Smith "Junior",\nAnn'


def test_line_numbers_are_right_after_an_embedded_newline(tmp_path):
    hub = Hub(tmp_path)
    records = rows(4)
    records[0]["Surname"] = "two\nlines"
    records[2]["Beds"] = "many"
    hub.take(text(records))
    assert hub.quarantine("_row_number, line_number") == [(3, 5)]


def test_no_newline_at_the_end(tmp_path):
    assert Hub(tmp_path).take(text(rows(2)).rstrip("\n")).rows_accepted == 2


def test_blank_lines_are_no_records(tmp_path):
    content = text(rows(2)).replace("\n", "\n\n")
    assert Hub(tmp_path).take(content).rows_in == 2


def test_a_record_cut_short_is_held_back_whole(tmp_path):
    hub = Hub(tmp_path)
    content = text(rows(3))
    outcome = hub.take(content[: content.rindex(",") - 5])
    assert (outcome.rows_accepted, outcome.rows_quarantined) == (2, 1)
    assert failed(outcome) == {("record_shape", None): 1}
    [(message, raw, line)] = hub.quarantine("message, raw_record, line_number")
    assert "fields where the header has 21" in message and raw.startswith("V3,") and line == 4


def test_a_separator_inside_a_value_is_named(tmp_path):
    lines = text(rows(3)).splitlines()
    lines[2] = lines[2].replace("Testperson", "Test,person")
    hub = Hub(tmp_path)
    outcome = hub.take("\n".join(lines))
    assert (outcome.rows_accepted, outcome.rows_quarantined) == (2, 1)
    assert "a separator inside a value without quotation marks" in hub.report(outcome)


@pytest.mark.parametrize("spoilt", ['"Testperson', '"Test"person'])
def test_an_unclosed_or_misplaced_quote_costs_one_record(tmp_path, spoilt):
    lines = text(rows(60)).splitlines()
    lines[2] = lines[2].replace("Testperson", spoilt)
    outcome = Hub(tmp_path).take("\n".join(lines) + "\n")
    assert (outcome.rows_in, outcome.rows_accepted, outcome.rows_quarantined) == (60, 59, 1)


def test_a_quote_in_the_middle_of_a_value_is_a_value(tmp_path):
    hub = Hub(tmp_path)
    lines = text(rows(2)).splitlines()
    hub.take("\n".join(line.replace("Testperson", '5" nail') for line in lines))
    assert hub.data("surname") == [('5" nail',), ('5" nail',)]


@pytest.mark.parametrize(
    "spoilt", ["Test\0person", "x" * 1_200_000, "x" * 10_000_000], ids=["nul", "long", "very long"]
)
def test_a_damaged_or_endless_field_costs_one_record(tmp_path, spoilt):
    lines = text(rows(3)).splitlines()
    lines[2] = lines[2].replace("Testperson", spoilt)
    hub = Hub(tmp_path)
    outcome = hub.take("\n".join(lines) + "\n")
    assert (outcome.rows_accepted, outcome.rows_quarantined) == (2, 1)
    assert failed(outcome) == {("record_shape", None): 1}
    assert len(hub.quarantine("raw_record")[0][0]) <= 100_000


def test_a_large_file_is_streamed_with_the_same_result(tmp_path, monkeypatch):
    """The path for files too large to be held as text gives row and line numbers like the one for small files."""
    records = rows(5000)
    records[1234]["Beds"] = "many"
    monkeypatch.setattr("orchestration.ingest.stage.IN_MEMORY", 1000)
    monkeypatch.setattr("orchestration.ingest.stage.CHUNK", 4096)
    monkeypatch.setattr("orchestration.ingest.run.HELD_BYTES", 1000)
    hub = Hub(tmp_path)
    outcome = hub.take(text(records))
    assert "read_and_check" in outcome.timings
    assert (outcome.rows_in, outcome.rows_quarantined) == (5000, 1)
    assert hub.quarantine("_row_number, line_number") == [(1235, 1236)]
    assert hub.data("visit_id, _row_number") == [(f"V{n}", n) for n in range(1, 5001) if n != 1235]


def test_files_checked_together_stay_apart(tmp_path):
    hub = Hub(tmp_path)
    for number in range(5):
        records = rows(number + 2)
        records[number]["Beds"] = "many"
        hub.send(f"visits_{number}.csv", text(records))
    result = hub.ingest()
    by_name = {batch.file_name: batch for batch in result.batches}
    assert [by_name[f"visits_{n}.csv"].rows_in for n in range(5)] == [2, 3, 4, 5, 6]
    assert all(batch.rows_quarantined == 1 and "check" in batch.timings for batch in result.batches)
    held = hub.quarantine("_file_name, _row_number")
    assert sorted(held) == [(f"visits_{n}.csv", n + 1) for n in range(5)]


# --- Headers ----------------------------------------------------------------------------------------------------------


def test_extra_and_reordered_columns_are_taken_with_a_warning(tmp_path):
    hub = Hub(tmp_path)
    header = [*reversed(GOOD), "Shoe Size"]
    outcome = hub.take(text([{**record, "Shoe Size": "9"} for record in rows(2)], header))
    assert outcome.status == "accepted"
    assert any("'Shoe Size'" in warning for warning in outcome.warnings)
    assert any("another order" in warning for warning in outcome.warnings)
    assert hub.data("visit_id, diagnosis_code") == [("V1", "J189"), ("V2", "J189")]


def test_columns_nobody_asked_for_are_kept_with_a_record_held_back(tmp_path):
    hub = Hub(tmp_path)
    records = [{**record, "Shoe Size": "9"} for record in rows(2)]
    records[1]["Beds"] = "many"
    hub.take(text(records, [*GOOD, "Shoe Size"]))
    assert json.loads(hub.quarantine("raw_record")[0][0])["Shoe Size"] == "9"


def test_a_missing_optional_column_is_empty(tmp_path):
    hub = Hub(tmp_path)
    outcome = hub.take(text(rows(2), [name for name in GOOD if name != "Surname"]))
    assert outcome.status == "accepted" and "'Surname'" in outcome.warnings[0]
    assert hub.data("surname") == [(None,), (None,)]


def test_another_case_in_the_header_is_taken_with_a_warning(tmp_path):
    outcome = Hub(tmp_path).take(text(rows(1)).replace("Visit No", "VISIT  NO", 1))
    assert outcome.status == "accepted" and "'VISIT NO'" in outcome.warnings[0]


REFUSED = {
    "required column missing": (
        text(rows(2), [name for name in GOOD if name != "Arrived"]),
        "required_column",
        "'Arrived'",
    ),
    "required column renamed": (
        text(rows(2)).replace("Visit No", "Visit Nr", 1),
        "required_column",
        "is 'Visit Nr' meant?",
    ),
    "header missing": (text(rows(2)).split("\n", 1)[1], "header", "no header in line 1"),
    "duplicate header": (text(rows(2)).replace("Surname", "Postcode", 1), "header", "'Postcode'"),
    "wrong delimiter": (text(rows(2), delimiter=";"), "delimiter", "semicolons"),
    "tabs": (text(rows(2), delimiter="\t"), "delimiter", "tabs"),
    "0 bytes": (b"", "empty", "0 bytes"),
    "only blank lines": (b"\r\n\r\n", "empty", "empty"),
    "too many columns": (text(rows(1), [*GOOD, *(f"c{n}" for n in range(5000))]), "limits", "5,021 columns"),
    "open quote in header": ('"' + text(rows(1)), "header", "quotation mark"),
    "utf-16 with mark": (text(rows(2)).encode("utf-16"), "encoding", "UTF-16"),
    "utf-16 without mark": (text(rows(2)).encode("utf-16-le"), "encoding", "UTF-16"),
    "windows-1252": (text(rows(2, Surname="Zoë")).encode("windows-1252"), "encoding", "line 2 holds the byte 0xEB"),
    "mixed encodings": (text(rows(2)).encode() + "V3,Zoë".encode("latin-1"), "encoding", "line 4"),
    "cut within a character": (text(rows(2)).encode() + b"\xc3", "encoding", "ends within a character"),
    "gzip": (__import__("gzip").compress(text(rows(2)).encode()), "unreadable", "gzip"),
    "half a gzip": (__import__("gzip").compress(text(rows(2)).encode())[:40], "unreadable", "gzip"),
    "zip": (b"PK\x03\x04" + b"0" * 100, "unreadable", "zip"),
    "pdf": (b"%PDF-1.7 ...", "unreadable", "PDF"),
    "old excel": (b"\xd0\xcf\x11\xe0" + b"\0" * 100, "unreadable", "password"),
    "parquet": (b"PAR1" + b"\0" * 20, "unreadable", "Parquet"),
    "a web page": (b"<!doctype html><html><body>Sign in</body></html>", "unreadable", "a web page"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_that_cannot_be_taken_is_rejected_whole_with_its_reason(tmp_path, name):
    content, kind, words = REFUSED[name]
    hub = Hub(tmp_path)
    outcome = hub.take(content)
    assert (outcome.status, outcome.reason_kind) == ("rejected", kind), outcome.reason
    assert words in outcome.reason and outcome.remedy
    assert not list(hub.settings.raw.glob("*/*/*"))
    [sidecar] = hub.sidecars("rejected")
    assert sidecar["reason"] == outcome.reason and sidecar["rows_accepted"] == 0
    report = hub.report(outcome)
    assert report.index("was not taken") < report.index("Why:") < report.index("What to do:") < report.index("Received")


def test_a_header_alone_is_a_file_with_nothing_to_report(tmp_path):
    hub = Hub(tmp_path)
    outcome = hub.take(text([]))
    assert (outcome.status, outcome.rows_in, outcome.rows_accepted) == ("accepted", 0, 0)
    assert "no records" in outcome.warnings[-1]
    assert hub.data() == [] and (next(hub.settings.raw.glob("*/*/*")) / "data.parquet").exists()


def test_a_byte_order_mark_is_tolerated_with_a_warning(tmp_path):
    hub = Hub(tmp_path)
    outcome = hub.take(b"\xef\xbb\xbf" + text(rows(2)).encode())
    assert outcome.status == "accepted" and "byte order mark" in outcome.warnings[0]
    assert hub.data("visit_id") == [("V1",), ("V2",)]


# --- Windows-1252 and trailer -----------------------------------------------------------------------------------------

ANSI = CONTRACT.replace("format: csv", "format: csv\n          encoding: windows-1252\n          trailer: TRAILER", 1)


def ansi(records, trailer: str = "TRAILER,{n}\r\n") -> bytes:
    return (text(records, newline="\r\n") + trailer.format(n=len(records))).encode("windows-1252")


def test_windows_1252_with_a_trailer(tmp_path):
    hub = Hub(tmp_path, ANSI)
    outcome = hub.take(ansi(rows(3, Surname="Zoë O’Neill €")))
    assert (outcome.status, outcome.rows_accepted, outcome.warnings) == ("accepted", 3, [])
    assert hub.data("surname")[0] == ("Zoë O’Neill €",)


@pytest.mark.parametrize("trailer", ["TRAILER,3", '"TRAILER","3"\r\n', "TRAILER,3,,,,\r\n", "TRAILER, 3 \r\n\r\n"])
def test_trailers_are_read_as_spreadsheets_write_them(tmp_path, trailer):
    assert Hub(tmp_path, ANSI).take(ansi(rows(3), trailer)).rows_accepted == 3


@pytest.mark.parametrize(
    ("trailer", "words"),
    [
        ("", "cut off"),
        ("TRAILER,2\r\n", "promises 2 records; the file holds 3"),
        ("TRAILER,4\r\n", "promises 4"),
        ("TRAILER,x\r\n", "does not say how many"),
        ("TRAILER\r\n", "does not say how many"),
    ],
)
def test_a_wrong_trailer_rejects_the_batch(tmp_path, trailer, words):
    hub = Hub(tmp_path, ANSI)
    outcome = hub.take(ansi(rows(3), trailer))
    assert (outcome.status, outcome.reason_kind) == ("rejected", "trailer") and words in outcome.reason
    assert not list(hub.settings.raw.glob("*/*/*"))


def test_a_trailer_counts_records_that_are_held_back(tmp_path):
    records = rows(3)
    records[1]["Beds"] = "many"
    outcome = Hub(tmp_path, ANSI).take(ansi(records))
    assert (outcome.status, outcome.rows_quarantined) == ("accepted", 1)


def test_a_header_and_a_trailer_of_zero(tmp_path):
    outcome = Hub(tmp_path, ANSI).take(ansi([]))
    assert (outcome.status, outcome.rows_in) == ("accepted", 0)


@pytest.mark.parametrize(
    "content",
    [ansi(rows(1)).replace(b"Testperson", b"Test\x81person"), "\ufeff".encode() + ansi(rows(1))],
    ids=["undefined byte", "utf-8 mark"],
)
def test_windows_1252_is_strict(tmp_path, content):
    outcome = Hub(tmp_path, ANSI).take(content)
    assert (outcome.status, outcome.reason_kind) == ("rejected", "encoding")


# --- Excel ------------------------------------------------------------------------------------------------------------

EXCEL = CONTRACT.replace("format: csv", "format: xlsx\n          sheet: Visits\n          header_row: 4", 1).replace(
    "visits_*.csv", "Visits *.xlsx"
)


def workbook(records, *, sheet="Visits", header_row=4, hide=False, real_dates=True, changes=None) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        page = book.add_worksheet(sheet)
        if hide:
            book.add_worksheet("Cover").activate()
            page.hide()
        day, moment = book.add_format({"num_format": "dd/mm/yyyy"}), book.add_format({"num_format": "dd/mm/yyyy hh:mm"})
        page.write(0, 0, "The Clinic: visits")
        page.write(1, 0, "Confidential")
        page.write_row(header_row - 1, 0, list(GOOD))
        for number, record in enumerate(records, start=header_row):
            for position, (name, value) in enumerate(record.items()):
                value = (changes or {}).get(name, value)
                if real_dates and name in ("Arrived", "Left") and isinstance(value, str):
                    page.write_datetime(number, position, dt.datetime.fromisoformat(value), moment)
                elif real_dates and name == "Seen On":
                    page.write_datetime(number, position, dt.datetime.fromisoformat(value), day)
                elif isinstance(value, float | int) or name == "Beds":
                    page.write_number(number, position, float(value))
                else:
                    page.write(number, position, value)
    return out.getvalue()


def test_excel_with_title_rows_and_real_dates(tmp_path):
    hub = Hub(tmp_path, EXCEL)
    outcome = hub.take(workbook(rows(3)), "Visits January.xlsx")
    assert (outcome.status, outcome.rows_accepted, failed(outcome)) == ("accepted", 3, {})
    moment = dt.datetime(2025, 1, 5, 10)
    assert hub.data("visit_id, arrived_at, seen_on, beds, _row_number")[1] == ("V2", moment, dt.date(2025, 1, 5), 3, 2)


def test_excel_midnight_is_a_moment(tmp_path):
    hub = Hub(tmp_path, EXCEL)
    hub.take(workbook(rows(1), changes={"Arrived": "2025-01-05 00:00:00"}), "Visits 1.xlsx")
    assert hub.data("arrived_at") == [(dt.datetime(2025, 1, 5),)]


def test_excel_dates_as_text(tmp_path):
    hub = Hub(tmp_path, EXCEL)
    hub.take(workbook(rows(1), real_dates=False), "Visits 1.xlsx")
    assert hub.data("arrived_at, seen_on") == [(dt.datetime(2025, 1, 5, 10), dt.date(2025, 1, 5))]


def test_numbers_typed_into_excel_keep_their_digits(tmp_path):
    hub = Hub(tmp_path, EXCEL)
    outcome = hub.take(
        workbook(rows(1), changes={"NHS No": 9990000018, "Complaint": 1048031000000100, "Cost": 0.1}), "Visits 1.xlsx"
    )
    assert hub.data("nhs_number, complaint_code, cost") == [("9990000018", "1048031000000100", 0.1)]
    assert failed(outcome) == {}


def test_identifiers_damaged_by_excel_are_named(tmp_path):
    hub = Hub(tmp_path, EXCEL)
    outcome = hub.take(
        workbook(rows(1), changes={"NHS No": "9.99E+09", "Complaint": 1048031000000000}), "Visits 1.xlsx"
    )
    assert set(failed(outcome)) == {("nhs_number", "nhs_number"), ("snomed", "complaint_code")}
    report = hub.report(outcome)
    assert "spreadsheet damaged them" in report and "1048031000000000" in report and "9.99A+99" in report


def test_rows_below_a_gap_are_read_and_numbered_as_in_the_sheet(tmp_path):
    hub = Hub(tmp_path, EXCEL)
    book = openpyxl.load_workbook(io.BytesIO(workbook(rows(3))))
    sheet = book["Visits"]
    sheet.insert_rows(6, 2)
    sheet.cell(9, 6).value = "many"
    out = io.BytesIO()
    book.save(out)
    hub.take(out.getvalue(), "Visits 1.xlsx")
    assert hub.quarantine("_row_number, line_number, value") == [(3, 9, "many")]
    assert hub.data("_row_number") == [(1,), (2,)]


def test_a_hidden_sheet_is_read_with_a_warning(tmp_path):
    outcome = Hub(tmp_path, EXCEL).take(workbook(rows(2), hide=True), "Visits 1.xlsx")
    assert outcome.rows_accepted == 2 and "hidden" in outcome.warnings[0]


def bomb() -> bytes:
    import zipfile

    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"0" * 8_000_000)
    return out.getvalue()


def merged() -> bytes:
    book = openpyxl.load_workbook(io.BytesIO(workbook(rows(2))))
    book["Visits"].merge_cells("A4:C4")
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "kind", "words"),
    [
        (lambda: workbook(rows(2), sheet="Sheet1"), "sheet", "it has 'Sheet1'"),
        (lambda: workbook(rows(2), header_row=3), "header", "The header is in row 3; it was agreed for row 4"),
        (lambda: workbook(rows(2))[:2000], "unreadable", "cut off"),
        (lambda: text(rows(2)).encode(), "unreadable", "not an Excel workbook"),
        (lambda: b"\xd0\xcf\x11\xe0" + b"\0" * 600, "unreadable", "password"),
        (lambda: b"PK\x03\x04" + b"\0" * 600, "unreadable", "not an Excel workbook"),
        (bomb, "limits", "unpacks to"),
        (merged, "required_column", "'Arrived'"),
        (lambda: b"", "empty", "0 bytes"),
    ],
    ids=[
        "sheet",
        "header row",
        "truncated",
        "csv named xlsx",
        "password",
        "broken zip",
        "bomb",
        "merged header",
        "0 bytes",
    ],
)
def test_a_workbook_that_cannot_be_taken(tmp_path, monkeypatch, content, kind, words):
    monkeypatch.setattr("orchestration.ingest.workbook.MAX_RATIO", 5)
    outcome = Hub(tmp_path, EXCEL).take(content(), "Visits 1.xlsx")
    assert (outcome.status, outcome.reason_kind) == ("rejected", kind), outcome.reason
    assert words in outcome.reason


# --- JSON lines -------------------------------------------------------------------------------------------------------

JSONL = (
    CONTRACT.replace("format: csv", "format: jsonl", 1)
    .replace("visits_*.csv", "visits_*.jsonl")
    .replace("local_name: Visit No", "path: visit.id")
)
for _header in GOOD:
    JSONL = JSONL.replace(f"local_name: {_header},", f"path: patient.{_header.replace(' ', '_')},").replace(
        f"local_name: {_header}}}", f"path: patient.{_header.replace(' ', '_')}}}"
    )


def line(record: dict, **changes) -> str:
    patient = {name.replace(" ", "_"): value for name, value in record.items() if name != "Visit No"}
    return json.dumps({"visit": {"id": record["Visit No"]}, "patient": {**patient, **changes}})


def test_json_lines_with_nested_paths(tmp_path):
    hub = Hub(tmp_path, JSONL)
    outcome = hub.take(
        "\n".join([line(rows(1)[0], Urgent=False, Beds=4, NHS_No=9990000018, Surname=None), "", line(rows(2)[1])]),
        "visits_1.jsonl",
    )
    assert (outcome.status, outcome.rows_accepted, failed(outcome)) == ("accepted", 2, {})
    assert hub.data("visit_id, is_urgent, beds, nhs_number, surname")[0] == ("V1", False, 4, "9990000018", None)


@pytest.mark.parametrize(
    ("spoilt", "words"),
    [
        ('{"visit": {"id": "V9"', "not a JSON object"),
        ("[1, 2]", "not a JSON object"),
        ('{"a":\0}', "NUL"),
        (line(rows(1)[0], Surname={"given": "A"}), "list or an object"),
        (line(rows(1)[0], Beds=[1, 2]), "list or an object"),
    ],
    ids=["truncated", "a list", "nul", "object", "list value"],
)
def test_a_spoilt_line_costs_one_record(tmp_path, spoilt, words):
    import re

    hub = Hub(tmp_path, JSONL)
    outcome = hub.take("\n".join([line(rows(1)[0]), spoilt, line(rows(2)[1])]) + "\n", "visits_1.jsonl")
    assert (outcome.rows_accepted, outcome.rows_quarantined) == (2, 1)
    [(number, message, raw)] = hub.quarantine("line_number, message, raw_record")
    assert number == 2 and re.search(words, message) and raw.replace("\N{SYMBOL FOR NULL}", "\0") == spoilt


def test_text_that_begins_with_a_bracket_is_text(tmp_path):
    hub = Hub(tmp_path, JSONL)
    assert hub.take(line(rows(1)[0], Surname="[withheld]"), "visits_1.jsonl").rows_accepted == 1


@pytest.mark.parametrize(
    ("content", "words"),
    [("[" + line(rows(1)[0]) + "]", "one JSON list"), ("visit,patient\n1,2\n", "does not start with a JSON object")],
)
def test_a_file_that_is_not_json_lines(tmp_path, content, words):
    outcome = Hub(tmp_path, JSONL).take(content, "visits_1.jsonl")
    assert (outcome.status, outcome.reason_kind) == ("rejected", "unreadable") and words in outcome.reason


def test_json_lines_large_and_long(tmp_path, monkeypatch):
    monkeypatch.setattr("orchestration.ingest.stage.IN_MEMORY", 100)
    monkeypatch.setattr("orchestration.ingest.run.HELD_BYTES", 100)
    hub = Hub(tmp_path, JSONL)
    lines = [line(record) for record in rows(200)]
    lines[7] = line(rows(1)[0], Surname="x" * 5_000_000)
    outcome = hub.take("\n".join(lines), "visits_1.jsonl")
    assert (outcome.rows_in, outcome.rows_quarantined) == (200, 1)
    assert hub.quarantine("line_number") == [(8,)]
