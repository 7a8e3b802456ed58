"""What there is to judge about a new batch: its profile beside those of the batches before it.

Every profile is read once and walked once, however many batches of a feed are new: a backfill of two years is judged as
if each of its batches had come alone.
"""

from __future__ import annotations

import math
from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from statistics import median
from typing import Any

from orchestration.contracts import FeedContract
from orchestration.files import read_json
from orchestration.ingest.incoming import quote
from orchestration.settings import Settings

HISTORY = 60
ENOUGH = 3
VOLUME_LEEWAY = 0.5
SHARE_LEEWAY = 0.10
RULE_LEEWAY = 0.05
CODE_LEEWAY = 0.15
SIGMAS = 4.0

Key = tuple[str, str | None, str | None]


@dataclass
class Measure:
    """One thing to judge: `observed` must lie between `lower` and `upper`."""

    feed: str
    batch_id: str
    expectation: str
    column: str | None
    item: str | None
    observed: float
    lower: float
    upper: float
    severity: str

    @property
    def threshold(self) -> float:
        """The limit that was passed, or the upper one where none was."""
        return self.lower if self.observed < self.lower else self.upper


@dataclass
class Profile:
    """A batch as its profile has it. `moment`: the column that says when things happened."""

    batch_id: str
    received_at: datetime
    entries: list[dict[str, Any]]
    is_new: bool
    moment: str | None

    @cached_property
    def whole(self) -> dict[str, Any]:
        return next(entry for entry in self.entries if entry["kind"] == "batch")

    @property
    def rows(self) -> int:
        return self.whole["rows"]

    @cached_property
    def times(self) -> tuple[datetime | None, datetime | None]:
        """The oldest and the newest record."""
        for entry in self.entries:
            if entry["kind"] == "column" and entry["column_name"] == self.moment:
                told = (entry["min_value"], entry["max_value"])
                return tuple(datetime.fromisoformat(text) if text else None for text in told)
        return None, None

    @cached_property
    def span(self) -> float | None:
        """Days that its records cover."""
        first, last = self.times
        return (last - first).total_seconds() / 86400 if first and last else None

    @cached_property
    def codes(self) -> dict[str, dict[str, float]]:
        """Share of every code, by column."""
        found: dict[str, dict[str, float]] = defaultdict(dict)
        for entry in self.entries:
            if entry["kind"] == "code":
                found[entry["column_name"]][entry["item"]] = entry["share"]
        return found


@dataclass
class _Past:
    """The batches before one, at most HISTORY of them; shares by what they are of, each with the place of its batch."""

    place: int = 0
    profiles: deque[Profile] = field(default_factory=lambda: deque(maxlen=HISTORY))
    shares: dict[Key, deque[tuple[int, float]]] = field(default_factory=lambda: defaultdict(deque))

    def add(self, profile: Profile) -> None:
        for entry in profile.entries:
            if entry["kind"] in ("rule", "column") and entry["rows"]:
                key = entry["kind"], entry["column_name"], entry["item"]
                self.shares[key].append((self.place, entry["share"]))
        self.profiles.append(profile)
        self.place += 1

    def of(self, key: Key) -> list[float]:
        known = self.shares.get(key)
        if not known:
            return []
        while known and known[0][0] < self.place - HISTORY:
            known.popleft()
        return [share for _, share in known]


def measures(connection: Any, settings: Settings, contract: FeedContract, new: set[str]) -> Iterator[Measure]:
    """Everything to judge about the batches `new` of a feed, in order of receipt. `connection`: any of DuckDB."""
    past = _Past()
    for profile in _profiles(connection, settings, contract, new):
        if profile.is_new:
            yield from _of_batch(contract, profile, past)
        past.add(profile)


def _profiles(connection: Any, settings: Settings, contract: FeedContract, new: set[str]) -> list[Profile]:
    """The new batches of a feed and the latest ones before them, in order of receipt."""
    folder = settings.raw / contract.partner / contract.table
    known = []
    for place in folder.iterdir():
        sidecar = read_json(place / "batch.json") if (place / "profile.parquet").exists() else None
        if sidecar:
            known.append((datetime.fromisoformat(sidecar["received_at"]), sidecar["batch_id"], place))
    known.sort(key=lambda batch: batch[:2])
    is_new = [batch_id in new for _, batch_id, _ in known]
    first = is_new.index(True) if True in is_new else len(known)
    kept = list(zip(known, is_new, strict=True))[max(0, first - HISTORY) :]
    if not kept:
        return []
    paths = [str(place / "profile.parquet") for (_, _, place), _ in kept]
    cursor = connection.execute(
        f"select kind, column_name, item, severity, rows, failures, nulls, share, min_value, max_value, "
        f"filename from read_parquet([{', '.join(map(quote, paths))}], filename = true)"
    )
    names = [column[0] for column in cursor.description]
    entries: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in cursor.fetchall():
        entries[row[-1]].append(dict(zip(names, row, strict=True)))
    moment = _moment_column(contract)
    return [
        Profile(batch_id, received, entries[path], fresh, moment)
        for ((received, batch_id, _), fresh), path in zip(kept, paths, strict=True)
    ]


def _moment_column(contract: FeedContract) -> str | None:
    """The column that says when things happened: the first date that identifies nobody, a required one first."""
    dates = [
        c
        for c in contract.columns
        if c.data_type in ("date", "timestamp") and not c.is_identifying and c.sensitivity is None
    ]
    return next((c.name for c in dates if c.required), dates[0].name if dates else None)


def _of_batch(contract: FeedContract, profile: Profile, past: _Past) -> Iterator[Measure]:
    def measure(
        expectation: str, observed: float, lower: float, upper: float, column=None, item=None, severity="warn"
    ) -> Measure:
        limits = float(observed), float(lower), float(upper)
        return Measure(contract.feed, profile.batch_id, expectation, column, item, *limits, severity)

    yield measure(
        "quarantined_share", profile.whole["share"] or 0.0, 0.0, contract.reject_batch_above, severity="error"
    )
    newest = profile.times[1]
    if newest and contract.error_after_seconds:
        hours = (profile.received_at - newest).total_seconds() / 3600
        # In a quiet feed the newest record is old because nothing happened since: three usual gaps are allowed for.
        gap = (profile.span or 0.0) * 24 / max(profile.rows, 1)
        # A date in the future is another rule's business; here it counts as new.
        limit = contract.error_after_seconds / 3600 + 3 * gap
        yield measure("timeliness", max(0.0, hours), 0.0, limit, column=profile.moment)
    comparable = [
        before for before in past.profiles if before.rows and profile.span is not None and _alike(profile, before)
    ]
    if len(comparable) >= ENOUGH:
        usual = median(before.rows for before in comparable)
        leeway = max(VOLUME_LEEWAY * usual, SIGMAS * math.sqrt(usual))
        yield measure("volume", profile.rows, max(0.0, usual - leeway), usual + leeway)
    if len(past.profiles) < ENOUGH or not profile.rows:
        return
    for kind, expectation, floor in (
        ("rule", "rule_failure_share", RULE_LEEWAY),
        ("column", "null_share", SHARE_LEEWAY),
    ):
        for entry in profile.entries:
            if entry["kind"] != kind:
                continue
            shares = past.of((kind, entry["column_name"], entry["item"]))
            if len(shares) >= ENOUGH:
                usual = median(shares)
                leeway = max(floor, SIGMAS * math.sqrt(max(usual * (1 - usual), 0.01) / profile.rows))
                limits = (0.0 if kind == "rule" else max(0.0, usual - leeway), min(1.0, usual + leeway))
                yield measure(expectation, entry["share"] or 0.0, *limits, entry["column_name"], entry["item"])
    yield from _code_drift(profile, past, measure)


def _code_drift(profile: Profile, past: _Past, measure) -> Iterator[Measure]:
    """How far a column's codes are from their usual proportions: 0 the same, 1 nothing in common (total variation)."""
    for column, shares in profile.codes.items():
        before = [old.codes[column] for old in past.profiles if column in old.codes]
        if len(before) < ENOUGH:
            continue
        # Batches count alike, large or small, so that one odd load does not become what is usual.
        codes = set(shares).union(*before)
        usual = {code: sum(old.get(code, 0.0) for old in before) / len(before) for code in codes}
        distance = sum(abs(shares.get(code, 0.0) - usual[code]) for code in sorted(codes)) / 2
        # A small batch differs by chance: by about sqrt(codes / rows) / 2.
        upper = min(1.0, CODE_LEEWAY + 0.7 * math.sqrt(len(codes) / profile.rows))
        yield measure("code_share", distance, 0.0, upper, column=column)


def _alike(profile: Profile, other: Profile) -> bool:
    if profile.span is None or other.span is None:
        return False
    one, two = max(profile.span, 0.5), max(other.span, 0.5)
    return one / two < 2 and two / one < 2
