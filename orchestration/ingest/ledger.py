"""What the lake already holds. The file system is the ledger: a batch is known when its folder is there, whole."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from orchestration.files import Damaged, read_json, write_text_atomically
from orchestration.ingest.outcome import IngestBusy
from orchestration.settings import Settings

LONDON = ZoneInfo("Europe/London")
STAGING = ".staging"


@dataclass
class Ledger:
    """Batches by (partner, table): accepted for good, rejected under the rules (`gate`) of that time."""

    accepted: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    rejected: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)

    def known(self, feed: tuple[str, str], gate: str) -> set[str]:
        """Batches that need no second look: accepted ones, and those that the same rules rejected before."""
        refused = {batch for batch, then in self.rejected.get(feed, {}).items() if then == gate}
        return self.accepted.get(feed, set()) | refused


def read_ledger(settings: Settings) -> Ledger:
    ledger = Ledger()
    for feed, batch, folder in _batches(settings.raw):
        if (folder / "batch.json").exists():
            ledger.accepted.setdefault(feed, set()).add(batch)
    for feed, batch, folder in _batches(settings.rejected):
        if batch in ledger.accepted.get(feed, ()):
            shutil.rmtree(
                folder
            )  # accepted since, under changed rules; the run that did so died before it could tidy up
        else:
            ledger.rejected.setdefault(feed, {})[batch] = (read_json(folder / "batch.json") or {}).get("gate", "")
    return ledger


def sidecars(settings: Settings) -> Iterator[dict[str, Any]]:
    """The batch.json of every batch, accepted and rejected."""
    for root in (settings.raw, settings.rejected):
        for _, _, folder in _batches(root):
            sidecar = read_json(folder / "batch.json")
            if sidecar:
                yield sidecar


def _batches(root: Path) -> Iterator[tuple[tuple[str, str], str, Path]]:
    for partner in _folders(root):
        for table in _folders(partner):
            for folder in _folders(table):
                if folder.name.startswith("batch="):
                    yield (partner.name, table.name), folder.name.removeprefix("batch="), folder


def _folders(path: Path) -> list[Path]:
    try:
        with os.scandir(path) as entries:
            return sorted(Path(entry.path) for entry in entries if entry.is_dir() and not entry.name.startswith("."))
    except FileNotFoundError:
        return []


# --- When a file counts as received ----------------------------------------------------------------------------------


def local_now() -> datetime:
    return datetime.now(LONDON).replace(tzinfo=None, microsecond=0)


def high_water_mark(settings: Settings) -> datetime | None:
    """The newest moment that a completed run has described. Where its note is lost, the published set knows."""
    told = []
    for note in (settings.audit / "last_run.json", settings.published / "manifest.json"):
        try:
            told.append(datetime.fromisoformat(read_json(note)["as_of"]))
        except (ValueError, TypeError, KeyError, OSError):
            continue
    return max(told, default=None)


def run_notes_damaged(settings: Settings) -> bool:
    try:
        read_json(settings.audit / "last_run.json")
    except Damaged:
        return True
    return False


def received_at(mtime_ns: int, now: datetime, described: datetime | None) -> datetime:
    """When the hub received a file, local clock: its file time, but not in the future nor in a published past."""
    modified = datetime.fromtimestamp(mtime_ns // 1_000_000_000, LONDON).replace(tzinfo=None)
    moment = min(modified, now)
    if described is not None and moment <= described:
        return max(now, described + timedelta(seconds=1))
    return moment


def refused_since(settings: Settings, feed: tuple[str, str], batch: str | None) -> datetime | None:
    """When a batch that was rejected before, under other rules, was received; None where it never was."""
    sidecar = read_json(settings.rejected / feed[0] / feed[1] / f"batch={batch}" / "batch.json")
    return datetime.fromisoformat(sidecar["received_at"]) if sidecar else None


# --- Stat cache: files seen before need not be read again -----------------------------------------------------------


def load_index(settings: Settings) -> dict[str, list]:
    """relative path -> [size, mtime_ns, ctime_ns, sha256] of files already hashed; empty where absent or damaged."""
    try:
        return json.loads((settings.lake / "landing_index.json").read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}


def save_index(settings: Settings, index: dict[str, list]) -> None:
    write_text_atomically(settings.lake / "landing_index.json", json.dumps(index) + "\n")


# --- One at a time, and nothing left behind ---------------------------------------------------------------------------


@contextmanager
def staging(settings: Settings) -> Iterator[tuple[Path, bool]]:
    """(a private folder on the lake's file system, whether an earlier run died).

    Raises IngestBusy where another process is taking files in.
    """
    from filelock import FileLock, Timeout

    root = settings.lake / STAGING
    root.mkdir(parents=True, exist_ok=True)
    lock = FileLock(settings.lake / ".ingest.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise IngestBusy(
            f"another process is taking files into {settings.home}: wait for it to end, then run again"
        ) from None
    try:
        leftovers = list(root.iterdir())
        for left in leftovers:
            shutil.rmtree(left, ignore_errors=True)
        own = root / f"run-{os.getpid()}"
        own.mkdir()
        yield own, bool(leftovers)
        shutil.rmtree(own, ignore_errors=True)
    finally:
        lock.release()
