"""What a gate finds: where, which rule, what is wrong and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Violation:
    """One broken rule. `file` is relative to the project; `line` is None where the fault is an absence."""

    file: str
    line: int | None
    rule: str
    problem: str
    remedy: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.problem} [{self.rule}]\n    {self.remedy}"
