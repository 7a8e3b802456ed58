"""One file on its way through a run of ingestion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestration.ingest.discover import Candidate
from orchestration.ingest.outcome import BatchOutcome, Rejected

if TYPE_CHECKING:
    from orchestration.ingest.incoming import Incoming
    from orchestration.ingest.stage import Staged


@dataclass
class Item:
    """`number`: its place in the run. `gate`: fingerprint of what decides whether it is rejected."""

    number: int
    file: Candidate
    outcome: BatchOutcome
    gate: str
    staged: Staged | None = None
    incoming: Incoming | None = None
    watermark: str | None = None


def refuse(outcome: BatchOutcome, refused: Rejected) -> None:
    """Turn a file into a rejected batch."""
    outcome.status, outcome.reason, outcome.remedy, outcome.reason_kind = (
        "rejected",
        refused.reason,
        refused.remedy,
        refused.kind,
    )
