"""Into the lake in one step: a batch's folder is written aside, made durable, then renamed.

A crash at any point leaves the batch absent or whole.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from orchestration.files import fsync_path
from orchestration.ingest.outcome import BatchOutcome
from orchestration.settings import Settings


def sidecar_of(outcome: BatchOutcome, **more: Any) -> dict[str, Any]:
    """batch.json: everything about a batch but its records. No value of a record is in it."""
    return {
        "batch_id": outcome.batch_id,
        "partner": outcome.partner,
        "feed_table": outcome.table,
        "status": outcome.status,
        "file_name": outcome.file_name,
        "file_bytes": outcome.file_bytes,
        "received_at": f"{outcome.received_at:%Y-%m-%d %H:%M:%S}",
        "contract_version": outcome.contract_version,
        "agreement": outcome.agreement,
        "rows_in": outcome.rows_in,
        "rows_accepted": outcome.rows_accepted,
        "rows_quarantined": outcome.rows_quarantined,
        "reason": outcome.reason,
        "reason_kind": outcome.reason_kind,
        "warnings": outcome.warnings,
        "report": outcome.report,
        "rules": [
            {"rule": rule.rule, "column": rule.column, "severity": rule.severity, "rows_failed": rule.rows_failed}
            for rule in outcome.rules
        ],
        "timings": {name: round(seconds, 4) for name, seconds in outcome.timings.items()},
        **more,
    }


def write_sidecar(folder: Path, sidecar: dict[str, Any]) -> None:
    (folder / "batch.json").write_text(
        json.dumps(sidecar, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8"
    )


def move_in(folder: Path, outcome: BatchOutcome, settings: Settings) -> Path:
    """Make every file of a finished folder durable, then move it to its place in the lake. Returns the place."""
    for path in folder.iterdir():
        fsync_path(path)
    fsync_path(folder)
    root = settings.raw if outcome.status == "accepted" else settings.rejected
    place = root / outcome.partner / outcome.table / f"batch={outcome.batch_id}"
    _make_folder(place.parent)
    if place.exists():  # rejected before, looked at again under changed rules
        place.rename(folder.with_suffix(".old"))
    folder.rename(place)
    fsync_path(place.parent)
    if outcome.status == "accepted":
        former = settings.rejected / outcome.partner / outcome.table / f"batch={outcome.batch_id}"
        if former.exists():
            shutil.rmtree(former)
    return place


def _make_folder(path: Path) -> None:
    """Make a folder and its parents, durably."""
    if path.is_dir():
        return
    _make_folder(path.parent)
    path.mkdir(exist_ok=True)
    fsync_path(path.parent)


def put_report(settings: Settings, name: str, text: str) -> None:
    """The partner's copy of a report. The batch keeps the durable one, so this one need not wait for the disk."""
    path = settings.reports / name
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)
