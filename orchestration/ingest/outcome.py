"""What ingestion says about a file, and about a whole run."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


class Rejected(Exception):
    """The whole file cannot be taken. `reason`: what is wrong. `remedy`: what the partner can do about it."""

    def __init__(self, kind: str, reason: str, remedy: str):
        self.kind, self.reason, self.remedy = kind, reason, remedy
        super().__init__(reason)


class NotRead(Rejected):
    """A database could not be read. `is_passing`: it may well answer at the next attempt."""

    def __init__(self, kind: str, reason: str, remedy: str, *, is_passing: bool = False):
        super().__init__(kind, reason, remedy)
        self.is_passing = is_passing


class IngestFailed(Exception):
    """The hub itself cannot go on (disk full, folder read-only); what was accepted stays."""


class IngestBusy(IngestFailed):
    """Another process is taking files in."""


@dataclass
class RuleOutcome:
    """How often one rule failed in one batch."""

    rule: str
    column: str | None
    severity: str
    rows_failed: int
    message: str = ""
    remedy: str = ""
    examples: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class BatchOutcome:
    """One file: what it was, what became of it and why.

    status: accepted, rejected, or failed (through no fault of the file; tried again next run).
    """

    partner: str
    table: str
    file_name: str
    status: str
    batch_id: str = ""
    file_bytes: int = 0
    received_at: datetime | None = None
    contract_version: str = ""
    agreement: str = ""
    rows_in: int = 0
    rows_accepted: int = 0
    rows_quarantined: int = 0
    reason: str | None = None
    reason_kind: str | None = None
    remedy: str | None = None
    warnings: list[str] = field(default_factory=list)
    rules: list[RuleOutcome] = field(default_factory=list)
    timings: dict[str, float] = field(default_factory=dict)
    report: str | None = None
    is_poll: bool = False
    """Stands for a database that could not be read, not for a file."""

    @property
    def feed(self) -> str:
        return f"{self.partner}.{self.table}"


@dataclass
class Poll:
    """What became of asking one database for one table.

    status: nothing_new, new (a file landed), not_read (see reason), or not_set_up (this home has no such connection).
    """

    partner: str
    table: str
    connection: str
    relation: str
    status: str = "nothing_new"
    after: datetime | None = None
    rows: int = 0
    file: str | None = None
    kind: str | None = None
    reason: str | None = None
    remedy: str | None = None
    warnings: list[str] = field(default_factory=list)

    @property
    def feed(self) -> str:
        return f"{self.partner}.{self.table}"


@dataclass(frozen=True)
class UnknownFile:
    """Something in the landing folder that no contract claims, and why it was left there."""

    path: str
    why: str


@dataclass
class IngestResult:
    """What one run of ingestion did. Nothing in it is a value from a record."""

    batches: list[BatchOutcome] = field(default_factory=list)
    already_known: int = 0
    unknown_files: list[UnknownFile] = field(default_factory=list)
    waiting: list[UnknownFile] = field(default_factory=list)
    feeds_missing: list[str] = field(default_factory=list)
    polls: list[Poll] = field(default_factory=list)
    gx: dict[str, Any] | None = None
    seconds: float = 0.0

    def with_status(self, status: str) -> list[BatchOutcome]:
        return [batch for batch in self.batches if batch.status == status]

    @property
    def accepted(self) -> list[BatchOutcome]:
        return self.with_status("accepted")

    @property
    def rejected(self) -> list[BatchOutcome]:
        return self.with_status("rejected")

    @property
    def failed(self) -> list[BatchOutcome]:
        return self.with_status("failed")

    @property
    def rows_in(self) -> int:
        return sum(batch.rows_in for batch in self.batches)

    @property
    def rows_accepted(self) -> int:
        return sum(batch.rows_accepted for batch in self.batches)

    @property
    def rows_quarantined(self) -> int:
        return sum(batch.rows_quarantined for batch in self.batches)
