"""Physical lines of a file, one at a time, however long a damaged one is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from orchestration.ingest.incoming import MAX_LINE


class Lines:
    """Physical lines of a file (\\n, \\r\\n or \\r), with their number, that can be given back."""

    def __init__(self, path: Path):
        self.source = self._bounded(path)
        self.waiting: list[str] = []
        self.number = 0

    @staticmethod
    def _bounded(path: Path) -> Iterator[str]:
        with path.open(encoding="utf-8", newline=None) as file:
            while line := file.readline(MAX_LINE + 2):
                if len(line) > MAX_LINE and not line.endswith("\n"):
                    while (rest := file.readline(MAX_LINE)) and not rest.endswith("\n"):
                        pass
                yield line

    def take(self) -> str | None:
        line = self.waiting.pop() if self.waiting else next(self.source, None)
        if line is not None:
            self.number += 1
        return line

    def give_back(self, lines: list[str]) -> None:
        self.waiting.extend(reversed(lines))
        self.number -= len(lines)
