"""The leak scan: does anything outside the identifiable zone hold what identifies a person, or a restricted code?

Identifiable zone: landing, lake, warehouse, systems, keys, truth, and published/direct_care. Everything else in a home
is looked through, by value: valid NHS numbers, postcodes of people, birth dates, names; in Parquet, SQLite and text;
and, in Parquet, restricted codes (F 5.6). A finding names file, place and kind, never the value.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from orchestration.files import read_cache, write_text_atomically
from orchestration.leaks.known import RESTRICTED_CODES, Known
from orchestration.leaks.look import Finding, Suspects
from orchestration.settings import Settings

__all__ = ["Finding", "LeakReport", "scan_home", "scan_new"]

IDENTIFIABLE = ("landing", "lake", "warehouse", "systems", "keys", "truth", "connections.toml", "linkage")
"""What lies directly in a home (or a past moment's folder) and may say who somebody is."""
CLOSED_STORE = "direct_care"
NOT_READ = {".gpickle", ".png", ".lock", ".woff2"}
"""Pictures, fonts, locks; and dbt's graph, which holds node names only, in a form that runs code when it is read."""
NOTES = "leaks.json"


@dataclass
class LeakReport:
    """What one scan looked at and found."""

    findings: list[Finding] = field(default_factory=list)
    files: int = 0
    known_clean: int = 0
    """Files that were looked through before and have not changed."""
    bytes: int = 0
    people: int = 0
    seconds: float = 0.0

    def __str__(self) -> str:
        looked = (
            f"{self.files:,} files ({self.bytes / 1e6:,.0f} MB) outside the identifiable zone, "
            f"{self.known_clean:,} more unchanged since they were; {self.people:,} people"
        )
        if not self.findings:
            return f"nothing found: {looked}"
        return f"{len(self.findings)} FOUND: {looked}"


def zone(home: Path) -> Iterator[Path]:
    """Every file of a home outside the identifiable zone, and of the past moments built beside it."""
    for path in sorted(home.iterdir()) if home.exists() else []:
        if path.is_symlink() or path.name in IDENTIFIABLE:
            continue  # published is a link to one of publish_versions
        if path.name == "as_of":
            for past in sorted(path.iterdir()):
                yield from zone(past)
        elif path.is_dir():
            yield from files_below(path)
        else:
            yield path


def files_below(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink() and CLOSED_STORE not in path.relative_to(folder).parts:
            yield path


def scan_home(settings: Settings) -> LeakReport:
    """Everything, whatever was looked at before (`bihub leaks`)."""
    return _scan(settings, zone(settings.home), {})


def scan_new(settings: Settings, about_to_go_live: Path) -> LeakReport:
    """What a run adds: the set that is about to go live, logs, results, notes and partner reports that are new."""
    notes = settings.audit / NOTES
    before = read_cache(notes)
    clean = before.get("clean", {}) if isinstance(before, dict) and before.get("scan") == _scan_version() else {}
    folders = [settings.dbt_logs, settings.reports, settings.audit]
    beside = [file for file in settings.dbt_target.glob("run_results*.json") if file.is_file()]
    report = _scan(
        settings,
        [*files_below(about_to_go_live), *(file for folder in folders for file in files_below(folder)), *beside],
        clean,
    )
    if not report.findings:
        notes.parent.mkdir(parents=True, exist_ok=True)
        write_text_atomically(notes, json.dumps({"scan": _scan_version(), "clean": clean}) + "\n")
    return report


def _scan_version() -> str:
    """What was called clean by another scan is looked at again."""
    digest = hashlib.sha256()
    for file in [*sorted(Path(__file__).parent.glob("*.py")), RESTRICTED_CODES]:
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def _scan(settings: Settings, files: Iterable[Path], clean: dict[str, int]) -> LeakReport:
    """Look into the files that `clean` does not know; it then holds all, to keep if nothing was found."""
    started, report, seen = time.perf_counter(), LeakReport(), {}
    with Known(settings) as known:
        report.people = known.people
        suspects = Suspects(known)
        for file in files:
            if file.suffix in NOT_READ or file.name == NOTES:
                continue
            mark = _mark(file)
            if mark in clean:
                report.known_clean += 1
            else:
                suspects.look_into(file, _shown(settings, file))
                report.files += 1
                report.bytes += file.stat().st_size
            seen[mark] = 1
        report.findings = suspects.findings()
    clean.clear()
    clean.update(seen)
    report.seconds = time.perf_counter() - started
    return report


def _mark(file: Path) -> str:
    """By what a file is known again: a published file is linked from set to set, a log grows."""
    stat = file.stat()
    return f"{file.name}:{stat.st_size}:{stat.st_mtime_ns}"


def _shown(settings: Settings, file: Path) -> str:
    return file.relative_to(settings.home).as_posix() if file.is_relative_to(settings.home) else file.name
