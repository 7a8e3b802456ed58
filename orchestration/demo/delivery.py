"""When a record leaves its partner, in which file and how often: schedules, versions, late and repeated records.

A record is sent first in the file of its period, as far as it is known when that file is made; it comes again, in
a later file, when more of it is known. Files carry whatever is new at their extract time.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from orchestration.demo import clock
from orchestration.demo.dirt import DirtLog, rate
from orchestration.demo.rates import Period
from orchestration.demo.table import Table, concat, take

UNTYPABLE_FROM_ROWS = 80
FAR = np.datetime64("2200-01-01", "s")


@dataclass
class Schedule:
    """Files of a feed in order. `covers_until`: events before it belong here; `extract`: the moment it is made."""

    names: list[str] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    _covers: list[np.datetime64] = field(default_factory=list)
    _extract: list[np.datetime64] = field(default_factory=list)
    _deliver: list[np.datetime64] = field(default_factory=list)

    def add(self, name: str, kind: str, covers: np.datetime64, extract: np.datetime64, deliver: np.datetime64) -> None:
        self.names.append(name)
        self.kinds.append(kind)
        self._covers.append(covers)
        self._extract.append(extract)
        self._deliver.append(deliver)

    @property
    def covers_until(self) -> np.ndarray:
        return np.array(self._covers, dtype=clock.SECOND)

    @property
    def extract(self) -> np.ndarray:
        return np.array(self._extract, dtype=clock.SECOND)

    @property
    def deliver(self) -> np.ndarray:
        return np.array(self._deliver, dtype=clock.SECOND)

    def __len__(self) -> int:
        return len(self.names)


def months(schedule: Schedule, period: Period, last: dt.date, name: str, hour: int = 6, minute: int = 30) -> None:
    """One file a calendar month up to and with `last`, delivered in the morning after its last day."""
    begin = period.start
    while begin <= last:
        following = dt.date(begin.year + begin.month // 12, begin.month % 12 + 1, 1)
        after = min(following, last + dt.timedelta(days=1))
        deliver = clock.at(after, hour, minute)
        schedule.add(
            name.format(day=begin), "month", clock.midnight(after)[()], deliver - np.timedelta64(1800, "s"), deliver
        )
        begin = following


def days(
    schedule: Schedule, first: dt.date, last: dt.date, name: str, hour: int, minute: int, same_day: bool = False
) -> None:
    """One file a day, delivered the next morning, or on the day itself."""
    day = first
    while day <= last:
        after = day + dt.timedelta(days=1)
        deliver = clock.at(day if same_day else after, hour, minute)
        extract = deliver - np.timedelta64(1800 if hour else 300, "s")
        schedule.add(name.format(day=day), "day", clock.midnight(after)[()], extract, deliver)
        day = after


def windows(schedule: Schedule, first: dt.date, until: np.datetime64, length: int, lag: int, name: str) -> None:
    """One file every `length` seconds from the start of a day, delivered `lag` seconds after the window closes."""
    begin, width = clock.midnight(first)[()], np.timedelta64(length, "s")
    while begin < until:
        wall = clock.to_local(np.array(begin))[()].astype(dt.datetime)
        label = name.format(day=wall)
        if label in schedule.names:  # the hour that happens twice
            stem, suffix = label.rsplit(".", 1)
            label = f"{stem}_2.{suffix}"
        close = begin + width
        schedule.add(label, "window", close, close, close + np.timedelta64(lag, "s"))
        begin = close


@dataclass
class Delivery:
    """Rows as sent: record, file, and what is odd about the row. `known_until` and `delivered` are per record."""

    rows: Table
    known_until: np.ndarray
    delivered: np.ndarray
    untypable: np.ndarray
    last_file: np.ndarray


def _index(moments: np.ndarray, edges: np.ndarray, side: str) -> np.ndarray:
    # NaT sorts last: never reached
    return np.searchsorted(edges, moments, side=side)


def deliver(
    schedule: Schedule,
    begins: np.ndarray,
    sent_from: np.ndarray,
    milestones: list[np.ndarray],
    record_id: np.ndarray,
    feed: str,
    rng: np.random.Generator,
    log: DirtLog,
    extra: np.ndarray | None = None,
    correctable: np.ndarray | None = None,
    keep_alive: bool = False,
    amended_after: int = 1,
) -> Delivery:
    """Rows of every file. `extra` marks records that were entered by mistake and are withdrawn by a later file.

    What is corrected comes again `amended_after` files later, or in the last one.
    With `keep_alive` the last file always comes: where nothing is new, it carries the latest records once more.
    """
    count, files = len(begins), len(schedule)
    extract = schedule.extract
    extra = np.zeros(count, dtype=bool) if extra is None else extra
    correctable = np.ones(count, dtype=bool) if correctable is None else correctable
    first = np.maximum(_index(begins, schedule.covers_until, "right"), _index(sent_from, extract, "left"))

    step = np.where(np.isin([*schedule.kinds, "day"], ("month", "week")), 1, 3)
    late_file = np.minimum(first + step[np.minimum(first, files)], files)
    late = (rng.random(count) < rate("late", feed)) & (late_file < files) & ~extra
    first = np.where(late, late_file, first)
    log.add("late", record_id[late], stands=False)

    record = np.arange(count)
    parts = [np.stack([record, first])]
    for moment in milestones:
        parts.append(np.stack([record, np.maximum(first, _index(moment, extract, "left"))]))
    pairs = np.unique(np.concatenate(parts, axis=1), axis=1)
    pairs = pairs[:, pairs[1] < files]
    last = np.full(count, -1)
    np.maximum.at(last, pairs[0], pairs[1])
    delivered = last >= 0

    rows = {
        "record": pairs[0],
        "file": pairs[1],
        **{name: np.zeros(pairs.shape[1], dtype=bool) for name in ("is_deleted", "is_wrong", "is_other_vehicle")},
    }
    if keep_alive and delivered.any() and last.max() < files - 1:
        # three of them: one alone may make the same bytes, and so the same batch, as an earlier file
        sent_ones = np.flatnonzero(delivered & ~extra)
        latest = sent_ones[np.argsort(begins[sent_ones], kind="stable")][-3:]
        repeated = {name: np.zeros(len(latest), dtype=column.dtype) for name, column in rows.items()}
        repeated["record"], repeated["file"] = latest, np.full(len(latest), files - 1)
        rows = concat([rows, repeated])
        last[latest] = files - 1
        log.add("resubmitted", record_id[latest], stands=False)
    again = delivered & (last < files - 1) & ~extra
    place = rng.random(count)
    corrected = again & correctable & (place < rate("corrected", feed))
    resent = again & (place >= 0.4) & (place < 0.4 + rate("resubmitted", feed))
    twice = delivered & ~extra & (place >= 0.6) & (place < 0.6 + rate("duplicate_row", feed))
    vehicles = delivered & ~extra & (place >= 0.8) & (place < 0.8 + rate("duplicate_per_vehicle", feed))
    rows["is_wrong"] |= corrected[rows["record"]]
    withdrawn = extra & (last < files - 1)

    def more(which: np.ndarray, ahead: int, flag: str | None) -> Table:
        here = np.flatnonzero(which)
        added = {name: np.zeros(len(here), dtype=bool) for name in rows}
        added["record"], added["file"] = here, np.minimum(last[here] + ahead, files - 1)
        if flag:
            added[flag] = np.ones(len(here), dtype=bool)
        return added

    rows = concat(
        [
            rows,
            more(corrected, amended_after, None),
            more(resent, 1, None),
            more(twice, 0, None),
            more(vehicles, 0, "is_other_vehicle"),
            more(withdrawn, 1, "is_deleted"),
        ]
    )
    # a mistake that no later file could withdraw was never made
    rows = take(rows, ~(extra & ~withdrawn)[rows["record"]])
    for kind, which in (
        ("corrected", corrected),
        ("resubmitted", resent),
        ("duplicate_row", twice),
        ("duplicate_per_vehicle", vehicles),
    ):
        log.add(kind, record_id[which], stands=False)

    rows_in_file = np.bincount(rows["file"], minlength=files)
    smallest = np.full(count, np.iinfo("int64").max)
    np.minimum.at(smallest, rows["record"], rows_in_file[rows["file"]])
    untypable = (
        delivered & ~extra & (smallest >= UNTYPABLE_FROM_ROWS) & (rng.random(count) < rate("untypable_date", feed))
    )

    np.maximum.at(last, rows["record"], rows["file"])
    known = np.where(delivered, extract[np.maximum(last, 0)], np.datetime64("NaT"))
    order = np.lexsort((rows["record"], begins[rows["record"]], rows["file"]))
    return Delivery(take(rows, order), known, delivered & ~(extra & ~withdrawn), untypable, last)


def slices(rows: Table, files: int) -> list[slice]:
    """The rows of each file; rows are in order of files."""
    edges = np.searchsorted(rows["file"], np.arange(files + 1))
    return [slice(int(a), int(b)) for a, b in pairwise(edges)]


def hidden(moments: np.ndarray, delivery: Delivery, schedule: Schedule) -> np.ndarray:
    """True for rows whose file was made before the moment (a moment per record)."""
    return moments[delivery.rows["record"]] > schedule.extract[delivery.rows["file"]]
