"""Files into the lake: discover, gate, check, accept, report. Adding a feed needs no code here."""

from orchestration.ingest.outcome import BatchOutcome, IngestBusy, IngestFailed, IngestResult, Rejected, UnknownFile
from orchestration.ingest.run import ingest

__all__ = ["BatchOutcome", "IngestBusy", "IngestFailed", "IngestResult", "Rejected", "UnknownFile", "ingest"]
