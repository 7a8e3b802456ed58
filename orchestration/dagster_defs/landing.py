"""Which landed files to take next: pure decisions, so that a tick can be tested without Dagster."""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

ATTEMPTS = 3

Feed = tuple[str, str]
"""(partner, table)"""


@dataclass(frozen=True)
class LandedFile:
    """One file under landing/. `arrived` is when its entry last changed, which copying old files does not fake."""

    partner: str
    name: str
    size: int
    arrived: int


@dataclass
class Cursor:
    """Every file that arrived up to `watermark` has been in a run that succeeded (or was given up). `seen`: sizes of the
    later ones at the last tick. `run_key`: the run that is taking the files up to `taking`."""

    watermark: int = 0
    seen: dict[str, int] = field(default_factory=dict)
    run_key: str | None = None
    taking: int = 0
    attempt: int = 0

    @classmethod
    def from_text(cls, text: str | None) -> Cursor:
        return cls(**json.loads(text)) if text else cls()

    def to_text(self) -> str:
        return json.dumps(asdict(self))


@dataclass(frozen=True)
class Request:
    run_key: str
    files: list[LandedFile]


def landed_files(landing: Path) -> list[LandedFile]:
    found = []
    for path in landing.glob("*/*") if landing.is_dir() else ():
        try:
            stat = path.stat()
        except FileNotFoundError:
            continue
        if path.is_file() and not path.name.startswith("."):
            arrived = max(stat.st_ctime_ns, stat.st_mtime_ns if stat.st_mtime_ns <= stat.st_ctime_ns else 0)
            found.append(LandedFile(path.parent.name, path.name, stat.st_size, arrived))
    return sorted(found, key=lambda file: (file.arrived, file.partner, file.name))


def feeds_of(files: Iterable[LandedFile], patterns: Mapping[Feed, str]) -> set[Feed]:
    """The feeds whose file pattern the files match; a file that no contract names starts nothing."""
    return {
        feed
        for file in files
        for feed, pattern in patterns.items()
        if feed[0] == file.partner and fnmatch.fnmatch(file.name.lower(), pattern.lower())
    }


def next_request(
    files: list[LandedFile], cursor: Cursor, outcome_of: Callable[[str], str | None]
) -> tuple[Request | None, Cursor, str]:
    """(run to request or None, cursor to keep, why in words).

    `outcome_of(run_key)`: 'success', 'failure', or None while the run is queued or at work. A file is taken when its
    size is the same at two ticks; the watermark moves only when the run that took the files succeeded. A run that fails
    is tried again, ATTEMPTS times in all; then its files wait for the daily intake, so that one bad file cannot start
    runs for ever.
    """
    cursor = Cursor.from_text(cursor.to_text())
    if cursor.run_key:
        outcome = outcome_of(cursor.run_key)
        if outcome is None:
            return None, cursor, "The last intake is still at work."
        if outcome == "success" or cursor.attempt >= ATTEMPTS:
            cursor.watermark, cursor.attempt = cursor.taking, 0
        cursor.run_key = None
    new = [file for file in files if file.arrived > cursor.watermark]
    sizes = {f"{file.partner}/{file.name}": file.size for file in new}
    changing = [file.arrived for file in new if cursor.seen.get(f"{file.partner}/{file.name}") != file.size]
    cursor.seen = sizes
    first_changing = min(changing, default=None)
    # Only what arrived before every file that is still being written: the watermark must not pass over one of those.
    ready = [file for file in new if first_changing is None or file.arrived < first_changing]
    if not ready:
        return None, cursor, f"{len(new)} files are still being written." if new else "Nothing new has landed."
    cursor.taking = ready[-1].arrived
    cursor.attempt += 1
    cursor.run_key = f"landing-{cursor.taking}-{cursor.attempt}"
    cursor.seen = {f"{file.partner}/{file.name}": file.size for file in new}
    return Request(cursor.run_key, ready), cursor, f"{len(ready)} files have landed."
