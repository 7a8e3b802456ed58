"""The demo partners: a population with a known truth, and each partner's own extract of it, in its own habits.

`generate` writes DIR/landing/<partner>/<file> and DIR/truth/*.parquet (orchestration/demo/truth.py says what is in
them). Same arguments, same bytes. What is wrong on purpose: orchestration/demo/dirt.py.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class DemoSummary:
    """What was played."""

    residents: int
    people: int
    start: dt.date
    end: dt.date
    files: dict[str, int]
    rows: dict[str, int]
    defects: int
    landing: Path

    def __str__(self) -> str:
        feeds = "\n".join(f"  {feed:<28}{self.files[feed]:>5} files{self.rows[feed]:>12,} rows" for feed in self.files)
        return (
            f"Played {self.residents:,} residents from {self.start:%d %B %Y} to {self.end:%d %B %Y}: "
            f"{sum(self.files.values()):,} files, {sum(self.rows.values()):,} rows, "
            f"{self.defects:,} defects on purpose.\n"
            f"{feeds}\nFiles lie in {self.landing}"
        )


def generate(
    residents: int,
    months: int,
    seed: int,
    out: Path,
    end: dt.date = dt.date(2026, 10, 31),
    progress: Progress | None = None,
) -> DemoSummary:
    """Play the partners. `months` counts calendar months up to and with that of `end`; `progress(what, done, total)`.

    Raises FileExistsError where `out` holds the files of another demo: two demos cannot share a landing folder.
    """
    from orchestration.demo.play import play

    return play(residents, months, seed, Path(out), end, progress or (lambda what, done, total: None))


__all__ = ["DemoSummary", "generate"]
