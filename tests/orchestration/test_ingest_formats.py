"""Files as they really come: encodings, line ends, trailers, spreadsheets, JSON lines, and ways to spoil them."""

from __future__ import annotations

import datetime as dt
import io
import json

import openpyxl
import pytest
from ingest_kit import CONTRACT, EXCEL, GOOD, JSONL, Hub, failed, line, rows, text, workbook

# --- Delimited text ---------------------------------------------------------------------------------------------------


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


def test_a_large_file_is_streamed_with_the_same_result(tmp_path, monkeypatch):
    """The path for files too large to be held as text gives row and line numbers like the one for small files."""
    records = rows(5000)
    records[1234]["Beds"] = "many"
    monkeypatch.setattr("orchestration.ingest.stage.IN_MEMORY", 1000)
    monkeypatch.setattr("orchestration.ingest.stage.CHUNK", 4096)
    monkeypatch.setattr("orchestration.ingest.chunk.HELD_BYTES", 1000)
    hub = Hub(tmp_path)
    outcome = hub.take(text(records))
    assert "read_and_check" in outcome.timings
    assert (outcome.rows_in, outcome.rows_quarantined) == (5000, 1)
    assert hub.quarantine("_row_number, line_number") == [(1235, 1236)]
    assert hub.data("visit_id, _row_number") == [(f"V{n}", n) for n in range(1, 5001) if n != 1235]


def test_rows_of_a_large_file_keep_their_numbers(tmp_path):
    """Two threads that read one file would number its rows as they come."""
    hub = Hub(tmp_path)
    [record] = text(rows(1)).splitlines()[1:]
    lines = [text([]).strip(), *(record.replace("V1", f"V{number}", 1) for number in range(1, 60_001))]
    lines[50_001] = lines[50_001].replace("J189", "many").replace(",3,", ",x,")
    hub.send("visits_1.csv", "\n".join(lines))
    [outcome] = hub.ingest().batches
    assert outcome.file_bytes > 8 << 20 and "read_and_check" in outcome.timings
    assert [row for row in hub.data("visit_id, _row_number") if row[0] != f"V{row[1]}"] == []
    assert hub.quarantine("_row_number, line_number") == [(50_001, 50_002)]


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


def test_a_trailer_counts_records_that_are_held_back(tmp_path):
    records = rows(3)
    records[1]["Beds"] = "many"
    outcome = Hub(tmp_path, ANSI).take(ansi(records))
    assert (outcome.status, outcome.rows_quarantined) == ("accepted", 1)


def test_a_header_and_a_trailer_of_zero(tmp_path):
    outcome = Hub(tmp_path, ANSI).take(ansi([]))
    assert (outcome.status, outcome.rows_in) == ("accepted", 0)


# --- Excel ------------------------------------------------------------------------------------------------------------


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


# --- JSON lines -------------------------------------------------------------------------------------------------------


def test_json_lines_with_nested_paths(tmp_path):
    hub = Hub(tmp_path, JSONL)
    outcome = hub.take(
        "\n".join([line(rows(1)[0], Urgent=False, Beds=4, NHS_No=9990000018, Surname=None), "", line(rows(2)[1])]),
        "visits_1.jsonl",
    )
    assert (outcome.status, outcome.rows_accepted, failed(outcome)) == ("accepted", 2, {})
    assert hub.data("visit_id, is_urgent, beds, nhs_number, surname")[0] == ("V1", False, 4, "9990000018", None)


FHIR = """
version: 2
sources:
- name: clinic
  description: A clinic.
  config:
    meta: {title: The Clinic, organisation: RXX, steward: clinic_steward, agreement: ISA-999, system: FHIR}
  tables:
  - name: visits
    description: One row per visit.
    config:
      freshness: {error_after: {count: 2, period: day}}
      meta: {feed: {version: "1", dataset: visits, format: jsonl, pattern: "visits_*.ndjson", key: [id], mode: upsert,
                    cadence: "0 6 * * *", reject_batch_above: 1}}
    columns:
    - {name: id, data_type: varchar, description: d, config: {meta: {path: id, required: true}}}
    - {name: arrived_at, data_type: timestamp, description: d, config: {meta: {path: 'period[1].start', format: ["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%d"]}}}
"""  # noqa: E501


@pytest.mark.parametrize("careful", [False, True])
@pytest.mark.parametrize(
    "sent, local",
    [
        ("2026-07-01T10:00:00+00:00", "2026-07-01 11:00:00"),  # summer time here
        ("2026-07-01T10:00:00Z", "2026-07-01 11:00:00"),
        ("2026-07-01T10:00:00+02:00", "2026-07-01 09:00:00"),
        ("2026-10-25T00:30:00+00:00", "2026-10-25 01:30:00"),  # the first of the two hours
        ("2026-01-01T00:30:00+01:00", "2025-12-31 23:30:00"),
        ("2026-07-01", "2026-07-01 00:00:00"),
    ],
)
def test_lists_in_a_path_and_offsets_of_a_clock(tmp_path, sent, local, careful):
    hub = Hub(tmp_path, FHIR)
    content = json.dumps({"id": "V1", "period": [{"start": "1999-01-01"}, {"start": sent}]})
    content += '\n{"id": "V2", "period": []}\n{"id": "V3", "period": "none"}'
    if careful:  # NUL bytes need the careful reader
        content += '\n{"id": "V\x004"}'
    hub.take(content, "visits_1.ndjson")
    assert [str(at) for (at,) in hub.data("arrived_at")] == [local, "None", "None"]


def test_text_that_begins_with_a_bracket_is_text(tmp_path):
    hub = Hub(tmp_path, JSONL)
    assert hub.take(line(rows(1)[0], Surname="[withheld]"), "visits_1.jsonl").rows_accepted == 1


def test_json_lines_large_and_long(tmp_path, monkeypatch):
    monkeypatch.setattr("orchestration.ingest.stage.IN_MEMORY", 100)
    monkeypatch.setattr("orchestration.ingest.chunk.HELD_BYTES", 100)
    hub = Hub(tmp_path, JSONL)
    lines = [line(record) for record in rows(200)]
    lines[7] = line(rows(1)[0], Surname="x" * 5_000_000)
    outcome = hub.take("\n".join(lines), "visits_1.jsonl")
    assert (outcome.rows_in, outcome.rows_quarantined) == (200, 1)
    assert hub.quarantine("line_number") == [(8,)]
