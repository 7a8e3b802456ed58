"""Which landed files to take next: pure decisions, so that a tick can be tested without Dagster."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field

from orchestration.settings import Settings

ATTEMPTS = 3

Feed = tuple[str, str]
"""(partner, table)"""


@dataclass(frozen=True)
class LandedFile:
    """A landed file that a feed claims. `arrived`: when its entry last changed; copied times do not fake it."""

    feed: Feed
    path: str
    size: int
    arrived: int


@dataclass
class Cursor:
    """Every file that arrived up to `watermark` has been in a run that succeeded, or was given up. `seen`: sizes of
    later ones at the last look. `run_key`: the run that is taking the files up to `taking`."""

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


def landed_files(settings: Settings) -> tuple[list[LandedFile], int]:
    """(files that a contract claims, in order of arrival; how many others lie there)."""
    from orchestration.contracts import load_contracts
    from orchestration.ingest.discover import discover
    from orchestration.ingest.ledger import load_index

    found, unknown, waiting = discover(settings.landing, load_contracts().values(), settle=0)
    taken = load_index(settings)  # an extract that the run which read it has taken in needs no second run
    files = [
        LandedFile((file.contract.partner, file.contract.table), file.relative, file.size, file.ctime_ns)
        for file in found
        if not (file.contract.database and tuple(taken.get(file.relative, ())[:3]) == file.stamp)
    ]
    return sorted(files, key=lambda file: (file.arrived, file.path)), len(unknown) + len(waiting)


def next_request(
    files: list[LandedFile], cursor: Cursor, outcome_of: Callable[[str], str | None]
) -> tuple[Request | None, Cursor, str]:
    """(run to request or None, cursor to keep, why in words).

    `outcome_of(run_key)`: 'success', 'failure', or None while the run is queued or at work. A file is taken when its
    size is the same at two looks; the watermark moves only when the run that took the files succeeded. A run that fails
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
    sizes = {file.path: file.size for file in new}
    changing = [file.arrived for file in new if cursor.seen.get(file.path) != file.size]
    cursor.seen = sizes
    first_changing = min(changing, default=None)
    # Only what arrived before every file that is still being written: the watermark must not pass over one of those.
    ready = [file for file in new if first_changing is None or file.arrived < first_changing]
    if not ready:
        return None, cursor, f"{len(new)} files are still being written." if new else "Nothing new has landed."
    cursor.taking = ready[-1].arrived
    cursor.attempt += 1
    cursor.run_key = f"landing-{cursor.taking}-{cursor.attempt}"
    cursor.seen = {file.path: file.size for file in new[len(ready) :]}
    return Request(cursor.run_key, ready), cursor, f"{len(ready)} files have landed."
