"""What every reader of a format yields: a relation of text, and what was noticed on the way."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

from orchestration.contracts import FeedContract
from orchestration.ingest.stage import Staged

MAX_CELL = 1_000_000
MAX_LINE = 4_000_000
MAX_RAW = 100_000
HEADER_AGAIN = "the header stands here once more: files were joined, or one was written twice"
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


def buffers(path: Path, longest: int) -> str:
    """Buffers no larger than the file: DuckDB clears all of what it is granted, which costs more than a small file."""
    longest = min(longest, path.stat().st_size + 64)
    return f"max_line_size = {longest}, buffer_size = {max(longest * 4, 1 << 16)}"


def texts_of(fields: list[str | None]) -> str:
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


def read_clean(clean: Path, staged: Staged, width: int, warnings: list[str]) -> Incoming:
    names = [*CLEAN_HEADER, *(f"f{p}" for p in range(width))]
    columns = "{" + ", ".join(f"'{name}': 'varchar'" for name in names) + "}"
    staged.has_odd_space = True
    sql = (
        f"select cast(_record as bigint) as _record, cast(_line as bigint) as _line, _broken, _raw, _extra, "
        f"{texts_of([f'f{p}' for p in range(width)])} from read_csv({quote(str(clean))}, auto_detect = "
        f"false, header = true, "
        f"delim = ',', quote = '\"', escape = '\"', columns = {columns}, strict_mode = true, parallel = false, "
        f"{buffers(clean, MAX_LINE * 4)})"
    )
    return Incoming(sql, warnings, 0, staged)


def cut(raw: str) -> str:
    raw = raw.rstrip("\r\n").replace("\0", "\N{SYMBOL FOR NULL}")
    return raw if len(raw) <= MAX_RAW else raw[:MAX_RAW]
