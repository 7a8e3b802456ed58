"""A contract as the rest of the hub reads it."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass, field
from functools import cached_property

LINEAGE_COLUMNS = (
    ("_batch_id", "varchar"), ("_received_at", "timestamp"), ("_file_name", "varchar"), ("_row_number", "bigint"),
)  # fmt: skip
TEMPORAL = ("date", "timestamp", "time")
NUMERIC = re.compile(r"integer|bigint|double|decimal\(\d+,\s*\d+\)")


@dataclass(frozen=True)
class Rule:
    """A rule over one record. It fails where `sql` is false; unknown passes, as in a SQL check constraint."""

    name: str
    sql: str
    severity: str
    message: str


@dataclass(frozen=True)
class Column:
    name: str
    data_type: str
    description: str
    local_name: str | None = None
    path: str | None = None
    formats: tuple[str, ...] = ()
    required: bool = False
    accepted: tuple[str, ...] = ()
    codes: tuple[tuple[str, str | None], ...] = ()
    code_list: str | None = None
    check: str | None = None
    min: float | None = None
    max: float | None = None
    severity: str = "warn"
    identifies: str | None = None
    sensitivity: str | None = None

    @property
    def source_name(self) -> str:
        """What the partner calls it: a header, or a path in JSON."""
        return self.local_name or self.path or self.name

    @property
    def steps(self) -> list[str | int]:
        """The steps of `path`: name[0].family is `name`, the first of the list, `family`."""
        steps = (self.path or self.name).replace("[", ".[").replace("]", "").split(".")
        return [int(step[1:]) if step.startswith("[") else step for step in steps]

    @property
    def is_identifying(self) -> bool:
        return self.sensitivity in ("identifying", "pseudonymous") or self.identifies is not None


@dataclass(frozen=True)
class Database:
    """A feed that is read from a table. `watermark`: the column that says when a row was last changed."""

    connection: str
    relation: str
    watermark: str
    overlap_minutes: int = 60


@dataclass(frozen=True)
class FeedContract:
    """What one table of one partner must look like, and where that is written."""

    partner: str
    table: str
    title: str
    organisation: str
    steward: str
    agreement: str
    system: str
    description: str
    version: str
    dataset: str
    format: str
    pattern: str
    key: tuple[str, ...]
    mode: str
    cadence: str
    reject_batch_above: float
    columns: tuple[Column, ...]
    rules: tuple[Rule, ...] = ()
    delimiter: str = ","
    encoding: str = "utf-8"
    trailer: str | None = None
    sheet: str | None = None
    header_row: int = 1
    deleted_when: str | None = None
    database: Database | None = None
    warn_after_seconds: int | None = None
    error_after_seconds: int | None = None
    path: str = field(default="", compare=False)
    line: int = field(default=0, compare=False)

    @property
    def feed(self) -> str:
        return f"{self.partner}.{self.table}"

    def column(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of everything that the contract says, so that a batch knows which text judged it."""
        said = {key: value for key, value in asdict(self).items() if key not in ("path", "line")}
        if self.database is None:  # a file feed says what it said before there were databases
            del said["database"]
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()
