"""What every extract has in common: picking what goes wrong, files that must come twice, keeping the books."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from orchestration.demo import clock, formats
from orchestration.demo.delivery import Delivery, Schedule, slices
from orchestration.demo.dirt import BAD_FILES, DirtLog, rate
from orchestration.demo.table import Table, concat, words


@dataclass
class Sent:
    """What one feed sent: files, rows, injected defects, and what the hub can know of each record by the end."""

    feed: str
    files: int
    rows: int
    dirt: Table
    known_until: np.ndarray
    delivered: np.ndarray


def pick(rng: np.random.Generator, feed: str, kinds: list[str], eligible: np.ndarray) -> dict[str, np.ndarray]:
    """Rows for each kind of defect, no row for two of them: defects of one field exclude each other."""
    place, edge, chosen = rng.random(len(eligible)), 0.0, {}
    for kind in kinds:
        share = rate(kind, feed)
        chosen[kind] = np.flatnonzero(eligible & (place >= edge) & (place < edge + share))
        edge += share
    return chosen


def wall(utc: np.ndarray) -> np.ndarray:
    """Wall time as text, for the books."""
    return clock.text(clock.to_local(utc), "%Y-%m-%d %H:%M:%S")


def note_clock_change(log: DirtLog, record_id: np.ndarray, columns: Table) -> None:
    """Times that the wall clock cannot tell from those of an hour before."""
    for name, utc in columns.items():
        second_pass = np.flatnonzero(clock.to_utc(clock.to_local(utc)) < utc)
        log.add("clock_change_hour", record_id[second_pass], name, wall(utc[second_pass]))


def bad_file(feed: str, schedule: Schedule, parts: list[slice]) -> tuple[int, str]:
    """The file that goes wrong as a whole: the fullest of the short ones, but not one of the last."""
    kind = "window" if feed == "calls" else "day" if "day" in schedule.kinds else "week"
    rows = [
        part.stop - part.start if name == kind and place < len(parts) - 2 else 0
        for place, (name, part) in enumerate(zip(schedule.kinds, parts, strict=True))
    ]
    if feed not in BAD_FILES or not rows or max(rows) < 1:
        return -1, ""
    return int(np.argmax(rows)), BAD_FILES[feed]


def missing(sent: Sent, kind: str, record_id: np.ndarray) -> None:
    """Note records that should have been sent and never were."""
    log = DirtLog(sent.feed)
    log.add(kind, record_id)
    more = log.columns() | {name: words([text] * len(record_id)) for name, text in (("file", ""), ("feed", sent.feed))}
    sent.dirt = concat([sent.dirt, {name: more[name] for name in sent.dirt}])


def resend_name(name: str) -> str:
    stem, suffix = name.rsplit(".", 1)
    return f"{stem}{' ' if ' ' in stem else '_'}resend.{suffix}"


def send(
    feed: str,
    folder: Path,
    schedule: Schedule,
    delivery: Delivery,
    record_id: np.ndarray,
    log: DirtLog,
    write: Callable[[slice, str, str], bytes],
) -> Sent:
    """Write the files of a feed. `write(rows, file name, defect)` gives the bytes, spoilt where a defect is named."""
    parts = slices(delivery.rows, len(schedule))
    bad, defect = bad_file(feed, schedule, parts)
    files = 0
    for place, part in enumerate(parts):
        if part.start == part.stop:
            continue
        name, delivered = schedule.names[place], schedule.deliver[place]
        if place == bad:
            formats.leave(folder / name, write(part, name, defect), delivered)
            log.add(defect, words([name]), stands=False)
            delivered = delivered + np.timedelta64(30 * 60 if feed == "calls" else 6 * 3600, "s")
            name = resend_name(name)
            files += 1
        formats.leave(folder / name, write(part, name, ""), delivered)
        files += 1
    dirt = log.columns()
    row_of = dict(zip(record_id.tolist(), range(len(record_id)), strict=True))
    row = [row_of.get(record, -1) for record in dirt["record_id"]]
    dirt["file"] = words(
        [
            schedule.names[delivery.last_file[r]] if r >= 0 and delivery.last_file[r] >= 0 else record if r < 0 else ""
            for r, record in zip(row, dirt["record_id"], strict=True)
        ]
    )
    dirt["feed"] = words([feed] * len(dirt["file"]))
    # a defect of a record that was never sent happened to nobody
    sent = np.array([r < 0 or bool(delivery.delivered[r]) for r in row], dtype=bool)
    dirt = {name: column[sent] for name, column in dirt.items()}
    return Sent(feed, files, len(delivery.rows["file"]), dirt, delivery.known_until, delivery.delivered)
