"""The clock on the wall in Europe/London. True times are UTC; partners write wall time without an offset (F 0.3)."""

from __future__ import annotations

import datetime as dt

import numpy as np

SECOND = np.dtype("datetime64[s]")
HOUR = np.timedelta64(3600, "s")

# Where each character of a pattern stands in the text 2026-10-31T23:59:58.
_LAYOUT = {
    "%Y-%m-%d %H:%M:%S": ((0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18), {10: " "}),
    "%Y-%m-%d %H:%M": ((0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15), {10: " "}),
    "%Y-%m-%dT%H:%M:%S": (tuple(range(19)), {}),
    "%Y-%m-%d": (tuple(range(10)), {}),
    "%Y%m%d%H%M%S": ((0, 1, 2, 3, 5, 6, 8, 9, 11, 12, 14, 15, 17, 18), {}),
    "%Y%m%d": ((0, 1, 2, 3, 5, 6, 8, 9), {}),
    "%H%M%S": ((11, 12, 14, 15, 17, 18), {}),
    "%y%m%d": ((2, 3, 5, 6, 8, 9), {}),
    "%d/%m/%Y %H:%M": ((8, 9, 4, 5, 6, 4, 0, 1, 2, 3, 10, 11, 12, 13, 14, 15), {2: "/", 5: "/", 10: " "}),
    "%d/%m/%Y": ((8, 9, 4, 5, 6, 4, 0, 1, 2, 3), {2: "/", 5: "/"}),
}


def _last_sunday(year: int, month: int) -> dt.date:
    last = dt.date(year, month, 31)
    return last - dt.timedelta(days=(last.weekday() + 1) % 7)


def _changes() -> tuple[np.ndarray, np.ndarray]:
    moments, offsets = [], []
    for year in range(1996, 2100):
        for month, offset in ((3, 3600), (10, 0)):
            moments.append(np.datetime64(_last_sunday(year, month), "s") + HOUR)
            offsets.append(offset)
    return np.array(moments, dtype=SECOND), np.array([0, *offsets], dtype="timedelta64[s]")


_MOMENTS, _OFFSETS = _changes()


def to_local(utc: np.ndarray) -> np.ndarray:
    """Wall time of UTC times. NaT stays NaT."""
    utc = np.asarray(utc, dtype=SECOND)
    return utc + _OFFSETS[np.searchsorted(_MOMENTS, utc, side="right")]


def to_utc(local: np.ndarray) -> np.ndarray:
    """UTC of wall times: the hour that happens twice is taken as its first pass (summer time)."""
    local = np.asarray(local, dtype=SECOND)
    summer = local - HOUR
    return np.where(to_local(summer) == local, summer, local)


def is_ambiguous(local: np.ndarray) -> np.ndarray:
    """True where the wall time happens twice, on the night when clocks go back."""
    local = np.asarray(local, dtype=SECOND)
    return (to_local(local - HOUR) == local) & (to_local(local) == local)


def midnight(days: np.ndarray | dt.date) -> np.ndarray:
    """UTC of the local midnight that starts each day."""
    return to_utc(np.asarray(days, dtype="datetime64[D]").astype(SECOND))


def at(day: dt.date, hour: int, minute: int = 0) -> np.datetime64:
    """UTC of a wall time on a day."""
    return to_utc(np.array(dt.datetime(day.year, day.month, day.day, hour, minute), dtype=SECOND))[()]


def local_date(utc: np.ndarray) -> np.ndarray:
    return to_local(utc).astype("datetime64[D]")


def text(moments: np.ndarray, pattern: str) -> np.ndarray:
    """Times or dates as text in a pattern, an object array; NaT becomes the empty text."""
    moments = np.asarray(moments).astype(SECOND)
    order, literal = _LAYOUT[pattern]
    if not len(moments):
        return np.empty(0, dtype=object)
    missing = np.isnat(moments)
    whole = np.datetime_as_string(np.where(missing, np.datetime64(0, "s"), moments), unit="s").astype("U19")
    letters = whole.view("U1").reshape(len(moments), 19)[:, list(order)]
    for place, letter in literal.items():
        letters[:, place] = letter
    out = np.ascontiguousarray(letters).view(f"U{len(order)}").ravel().astype(object)
    out[missing] = ""
    return out
