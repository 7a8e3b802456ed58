"""Baseline (a): the landed files copied to Parquet by DuckDB alone. One connection, one statement a file, no checks.

What ingestion is measured against. Types are what DuckDB guesses (a plain `read_csv`, as anybody would write it); only
delimiter, header line and encoding are told, from the contract. Columns are those of the contract.
"""

from __future__ import annotations

import csv
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from orchestration.contracts import FeedContract, load_contracts
from orchestration.ingest.discover import discover
from orchestration.ingest.read import quote

ENCODINGS = {"utf-8": "utf-8", "utf-16": "utf-16"}
"""What DuckDB reads by itself; others need an extension from the network, so Python makes them UTF-8 first."""


@dataclass
class Copied:
    """What one feed came to. `unreadable`: files that a plain copy cannot read (ingestion rejects or mends them)."""

    files: int = 0
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    bytes_in: int = 0
    bytes_out: int = 0
    rows: int = 0
    unreadable: list[str] = field(default_factory=list)


def bare_copy(landing: Path, out: Path, *, threads: int | None = None) -> dict[str, Copied]:
    """Copy every landed file that a contract claims to `out`/<feed>/<file>.parquet. Per feed: seconds, rows, bytes."""
    contracts = load_contracts()
    files, _, _ = discover(landing, contracts.values(), settle=0.0)
    connection = duckdb.connect(config={"threads": threads} if threads else {})
    made: dict[str, Copied] = {}
    for file in files:
        contract = file.contract
        feed = made.setdefault(contract.feed, Copied())
        folder = out / contract.feed
        folder.mkdir(parents=True, exist_ok=True)
        target = folder / f"{file.path.name}.parquet"
        started, cpu = time.perf_counter(), time.process_time()
        try:
            relation = READERS[contract.format](file.path, contract, folder)
            rows = connection.execute(f"copy ({relation}) to {quote(str(target))} (format parquet)").fetchone()[0]
        except (duckdb.Error, ValueError, StopIteration):
            feed.unreadable.append(file.path.name)
            rows = 0
        feed.seconds += time.perf_counter() - started
        feed.cpu_seconds += time.process_time() - cpu
        feed.files += 1
        feed.bytes_in += file.size
        feed.bytes_out += target.stat().st_size if target.exists() else 0
        feed.rows += rows
    return made


def _columns(contract: FeedContract, name_of: Callable[[int], str]) -> str:
    return ", ".join(f'{name_of(place)} as "{column.name}"' for place, column in enumerate(contract.columns))


def _csv(path: Path, contract: FeedContract, folder: Path) -> str:
    named = _columns(contract, lambda place: f'"{contract.columns[place].local_name}"')
    # A trailer record has two fields only.
    more = ", ignore_errors = true" if contract.trailer else ""
    if contract.encoding not in ENCODINGS:
        text = path.read_bytes().decode(contract.encoding, errors="replace")
        path = folder / "recoded.csv"
        path.write_text(text, encoding="utf-8", newline="")
    return (
        f"select {named} from read_csv({quote(str(path))}, header = true, delim = {quote(contract.delimiter)}, "
        f"skip = {contract.header_row - 1}, encoding = '{ENCODINGS.get(contract.encoding, 'utf-8')}'{more})"
    )


def _jsonl(path: Path, contract: FeedContract, folder: Path) -> str:
    if any("[" in column.path for column in contract.columns):  # FHIR: what is optional is in few files
        steps = [[f"[{s}]" if isinstance(s, int) else f'."{s}"' for s in column.steps] for column in contract.columns]
        paths = ["$" + "".join(one) for one in steps]
        named = _columns(contract, lambda place: f"json ->> {quote(paths[place])}")
        return f"select {named} from read_ndjson_objects({quote(str(path))})"
    named = _columns(contract, lambda place: ".".join(f'"{step}"' for step in contract.columns[place].steps))
    return f"select {named} from read_json({quote(str(path))}, format = 'newline_delimited')"


def _xlsx(path: Path, contract: FeedContract, folder: Path) -> str:
    """DuckDB reads workbooks only with an extension from the network: calamine, and text in between."""
    from python_calamine import CalamineError, load_workbook

    try:
        rows = load_workbook(str(path)).get_sheet_by_name(contract.sheet).to_python(skip_empty_area=False)
    except CalamineError as problem:
        raise ValueError(path.name) from problem
    scratch = folder / "sheet.csv"
    with scratch.open("w", encoding="utf-8", newline="") as text:
        csv.writer(text).writerows(rows[contract.header_row - 1 :])
    named = _columns(contract, lambda place: f'"{contract.columns[place].local_name}"')
    return f"select {named} from read_csv({quote(str(scratch))}, header = true, delim = ',')"


READERS = {"csv": _csv, "jsonl": _jsonl, "xlsx": _xlsx}


if __name__ == "__main__":
    import sys

    for name, done in bare_copy(Path(sys.argv[1]), Path(sys.argv[2])).items():
        print(
            f"{name:34}{done.files:5} files {done.seconds:7.2f} s {done.cpu_seconds:7.2f} cpu {done.rows:10,} rows "
            f"{done.bytes_in / 1e6:8.1f} MB {len(done.unreadable)} unreadable"
        )
