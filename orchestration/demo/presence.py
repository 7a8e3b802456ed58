"""Who is where: nobody is in two places at once."""

from __future__ import annotations

import numpy as np

from orchestration.demo.table import Table

SPAN = np.int64(2) ** 33
EARLY = np.int64(2) ** 30  # keeps the days before 1970 out of the way of the person before


def _key(person: np.ndarray, moment: np.ndarray) -> np.ndarray:
    return person.astype("int64") * SPAN + moment.astype("datetime64[s]").astype("int64") + EARLY


class Busy:
    """Stretches of time in which people are taken up, and what comes next for them."""

    def __init__(
        self, person: np.ndarray, start: np.ndarray, end: np.ndarray, is_hospital: np.ndarray | None = None
    ) -> None:
        self.person, self.start, self.end = person, start.astype("datetime64[s]"), end.astype("datetime64[s]")
        self.is_hospital = np.ones(len(person), dtype=bool) if is_hospital is None else is_hospital
        starts = _key(self.person, self.start)
        self._order = np.argsort(starts, kind="stable")
        self._starts = starts[self._order]
        self._ends = np.sort(_key(self.person, np.maximum(self.start, self.end)))

    def plus(self, person: np.ndarray, start: np.ndarray, end: np.ndarray) -> Busy:
        return Busy(
            np.concatenate([self.person, person]),
            np.concatenate([self.start, start.astype("datetime64[s]")]),
            np.concatenate([self.end, end.astype("datetime64[s]")]),
            np.concatenate([self.is_hospital, np.ones(len(person), dtype=bool)]),
        )

    def meets(self, person: np.ndarray, start: np.ndarray, end: np.ndarray) -> np.ndarray:
        """True where a stretch of the person touches the time from `start` to `end`."""
        begun = np.searchsorted(self._starts, _key(person, end), side="left")
        over = np.searchsorted(self._ends, _key(person, start), side="left")
        return begun > over

    def next(self, person: np.ndarray, after: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """When the person's next stretch begins (NaT: none), and whether it is in a hospital."""
        place = np.searchsorted(self._starts, _key(person, after), side="right")
        found = place < len(self._starts)
        row = self._order[np.minimum(place, len(self._starts) - 1)] if len(self._order) else np.zeros(0, dtype="int64")
        if not len(self._order):
            nothing = np.full(len(person), np.datetime64("NaT"), dtype="datetime64[s]")
            return nothing, np.zeros(len(person), dtype=bool)
        mine = found & (self.person[row] == person)
        return np.where(mine, self.start[row], np.datetime64("NaT")), mine & self.is_hospital[row]


def busy_with(*tables: tuple[Table, str, str, bool]) -> Busy:
    """Stretches of several tables: table, name of its start, of its end, and whether it is in a hospital."""
    return Busy(
        np.concatenate([table["person"] for table, *_ in tables]),
        np.concatenate([table[start].astype("datetime64[s]") for table, start, _, _ in tables]),
        np.concatenate(
            [
                np.where(np.isnat(table[end]), table[start], table[end]).astype("datetime64[s]")
                for table, start, end, _ in tables
            ]
        ),
        np.concatenate([np.full(len(table["person"]), inside) for table, *_, inside in tables]),
    )


def first_clash(person: np.ndarray, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Rows that begin before an earlier one of the same person has ended."""
    order = np.lexsort((np.arange(len(person)), start, person))
    late = np.maximum.accumulate(_key(person[order], end[order])) if len(order) else np.zeros(0, dtype="int64")
    clash = np.zeros(len(order), dtype=bool)
    clash[1:] = (person[order][1:] == person[order][:-1]) & (late[:-1] > _key(person[order], start[order])[1:])
    return np.sort(order[clash])
