"""A small hub of its own for each ingestion test: one contract with a column of every kind, and files made to order."""

from __future__ import annotations

import csv
import io
import json
import os
from datetime import datetime
from pathlib import Path

import duckdb
import xlsxwriter

from orchestration.contracts import load_contracts
from orchestration.ingest import IngestResult, ingest
from orchestration.ingest.ledger import LONDON
from orchestration.settings import Settings

ARRIVED = datetime(2025, 1, 6, 7, 0, 0)

CONTRACT = """
version: 2
sources:
- name: clinic
  description: A clinic.
  config:
    meta: {title: The Clinic, organisation: RXX, steward: clinic_steward, agreement: ISA-999, system: Paper}
  tables:
  - name: visits
    description: One row per visit.
    config:
      freshness: {error_after: {count: 2, period: day}}
      meta:
        feed:
          version: "1.0"
          dataset: visits
          format: csv
          pattern: "visits_*.csv"
          key: [visit_id]
          mode: upsert
          cadence: "0 6 * * *"
          reject_batch_above: 0.5
          rules:
          - {name: left_not_before_arrived, sql: left_at is null or left_at >= arrived_at, severity: warn, message: Left before arrival.}
          - {name: arrived_not_after_received, sql: arrived_at <= _received_at, severity: reject, message: Arrival in the future.}
    columns:
    - {name: visit_id, data_type: varchar, description: d, config: {meta: {local_name: Visit No, required: true, sensitivity: pseudonymous}}}
    - {name: arrived_at, data_type: timestamp, description: d, config: {meta: {local_name: Arrived, format: ["%Y-%m-%d %H:%M:%S", "%d/%m/%Y %H:%M"], required: true}}}
    - {name: left_at, data_type: timestamp, description: d, config: {meta: {local_name: Left, format: ["%Y-%m-%d %H:%M:%S"]}}}
    - {name: seen_on, data_type: date, description: d, config: {meta: {local_name: Seen On, format: ["%Y-%m-%d", "%d/%m/%Y"]}}}
    - {name: seen_time, data_type: time, description: d, config: {meta: {local_name: Seen Time, format: "%H%M%S"}}}
    - {name: beds, data_type: integer, description: d, config: {meta: {local_name: Beds, min: 0, max: 10}}}
    - {name: cost, data_type: double, description: d, config: {meta: {local_name: Cost}}}
    - {name: is_urgent, data_type: boolean, description: d, config: {meta: {local_name: Urgent}}}
    - {name: status, data_type: varchar, description: d, config: {meta: {local_name: Status, accepted: [A, B]}}}
    - {name: kind, data_type: varchar, description: d, config: {meta: {local_name: Kind, accepted: ["01", "02"], severity: reject}}}
    - {name: sex_code, data_type: varchar, description: d, config: {meta: {local_name: Sex, codes: {M: "1", F: "2"}}}}
    - {name: specialty, data_type: varchar, description: d, config: {meta: {local_name: Specialty, code_list: specialty}}}
    - {name: nhs_number, data_type: varchar, description: d, config: {meta: {local_name: NHS No, check: nhs_number, identifies: person, sensitivity: identifying}}}
    - {name: surname, data_type: varchar, description: d, config: {meta: {local_name: Surname, sensitivity: identifying}}}
    - {name: birth_date, data_type: date, description: d, config: {meta: {local_name: Born, format: ["%Y-%m-%d"], check: birth_date, sensitivity: identifying}}}
    - {name: postcode, data_type: varchar, description: d, config: {meta: {local_name: Postcode, check: postcode, sensitivity: identifying}}}
    - {name: gp_practice_code, data_type: varchar, description: d, config: {meta: {local_name: Practice, check: gp_practice_code}}}
    - {name: site_code, data_type: varchar, description: d, config: {meta: {local_name: Site, check: site_code}}}
    - {name: lsoa_code, data_type: varchar, description: d, config: {meta: {local_name: LSOA, check: lsoa_code}}}
    - {name: complaint_code, data_type: varchar, description: d, config: {meta: {local_name: Complaint, check: snomed}}}
    - {name: diagnosis_code, data_type: varchar, description: d, config: {meta: {local_name: Diagnosis, check: icd10}}}
"""  # noqa: E501

GOOD = {
    "Visit No": "V1", "Arrived": "2025-01-05 10:00:00", "Left": "2025-01-05 12:00:00", "Seen On": "2025-01-05",
    "Seen Time": "103000", "Beds": "3", "Cost": "12.50", "Urgent": "true", "Status": "A", "Kind": "01", "Sex": "F",
    "Specialty": "300", "NHS No": "9990000018", "Surname": "Testperson", "Born": "1950-02-28", "Postcode": "SS16 5NL",
    "Practice": "F81123", "Site": "RAJ12", "LSOA": "E01021542", "Complaint": "840539006", "Diagnosis": "J189",
}  # fmt: skip

AGREEMENTS = """agreement_id,organisation_code,dataset,purpose,status,starts_on,ends_on
ISA-999,RXX,visits,secondary_use,signed,2020-04-01,
"""


def rows(count: int, **changes: str) -> list[dict[str, str]]:
    """`count` good records with keys V1, V2, ..., all with `changes` (underscores in names stand for spaces)."""
    changed = {name.replace("_", " "): value for name, value in changes.items()}
    return [{**GOOD, "Visit No": f"V{number}", **changed} for number in range(1, count + 1)]


def text(
    records: list[dict[str, str]], header: list[str] | None = None, delimiter: str = ",", newline: str = "\n"
) -> str:
    out = io.StringIO()
    names = header or list(GOOD)
    writer = csv.writer(out, delimiter=delimiter, lineterminator=newline)
    writer.writerow(names)
    for record in records:
        writer.writerow([record.get(name, "") for name in names])
    return out.getvalue()


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
                    page.write_datetime(number, position, datetime.fromisoformat(value), moment)
                elif real_dates and name == "Seen On":
                    page.write_datetime(number, position, datetime.fromisoformat(value), day)
                elif isinstance(value, float | int) or name == "Beds":
                    page.write_number(number, position, float(value))
                else:
                    page.write(number, position, value)
    return out.getvalue()


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


class Hub:
    """A home, its contracts, and what a partner does to it."""

    def __init__(self, folder: Path, contract: str = CONTRACT):
        self.settings = Settings(home=folder / "home")
        self.feeds, self.seeds = folder / "feeds", folder / "seeds"
        for path in (self.feeds, self.seeds, self.settings.landing):
            path.mkdir(parents=True)
        self.contract(contract)
        (self.seeds / "data_sharing_agreement.csv").write_text(AGREEMENTS)
        (self.seeds / "code_value.csv").write_text("code_list,code\nspecialty,100\nspecialty,300\n")

    def contract(self, text: str, name: str = "clinic.yml") -> None:
        (self.feeds / name).write_text(text)

    def send(self, name: str, content: str | bytes, arrived: datetime = ARRIVED, partner: str = "clinic") -> Path:
        path = self.settings.landing / partner / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        moment = arrived.replace(tzinfo=LONDON).timestamp()
        os.utime(path, (moment, moment))
        return path

    def ingest(self, **more) -> IngestResult:
        contracts = load_contracts(self.feeds, self.seeds)
        return ingest(self.settings, contracts, **{"judge": False, "seeds": self.seeds, "settle": 0.0, **more})

    def take(self, content: str | bytes, name: str = "visits_1.csv", **more):
        """Send one file, ingest, and give its outcome."""
        self.send(name, content)
        result = self.ingest(**more)
        assert len(result.batches) == 1, (result.batches, result.unknown_files, result.waiting)
        return result.batches[0]

    def sidecars(self, status: str = "accepted") -> list[dict]:
        root = self.settings.raw if status == "accepted" else self.settings.rejected
        return [json.loads(path.read_text()) for path in sorted(root.glob("*/*/batch=*/batch.json"))]

    def data(self, columns: str = "*", table: str = "visits", partner: str = "clinic") -> list[tuple]:
        """Rows of all accepted batches of a table, in order of record number."""
        pattern = self.settings.raw / partner / table / "batch=*" / "data.parquet"
        return duckdb.sql(
            f"select {columns} from read_parquet('{pattern}', hive_partitioning = false) order by _received_at, "
            f"_row_number"
        ).fetchall()

    def quarantine(self, columns: str = "*") -> list[tuple]:
        pattern = self.settings.lake / "*" / "*" / "*" / "batch=*" / "quarantine.parquet"
        return duckdb.sql(
            f"select {columns} from read_parquet('{pattern}', hive_partitioning = false) order by _row_number, rule"
        ).fetchall()

    def report(self, outcome) -> str:
        return (self.settings.reports / outcome.report).read_text()


def failed(outcome) -> dict[tuple[str, str | None], int]:
    """Rules that found something, as {(rule, column): rows}."""
    return {(rule.rule, rule.column): rule.rows_failed for rule in outcome.rules if rule.rows_failed}
