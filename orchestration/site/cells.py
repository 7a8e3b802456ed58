"""Numbers and pictures of tables other than the measures."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from markupsafe import Markup

from orchestration.site import privacy, words

YEAR_OF_MONTHS = 12


@dataclass
class Cell:
    """A number of a table other than uec_metric."""

    source: str
    key: str
    column: str
    value: float | None
    unit: str | None = None
    is_hidden: bool = False
    places: int | None = None

    @property
    def text(self) -> str:
        if self.places is not None and self.value is not None and not self.is_hidden:
            return words.number(self.value, self.places)
        return privacy.SUPPRESSED if self.is_hidden else words.shown(self.value, self.unit)

    @property
    def attributes(self) -> dict[str, str]:
        value = privacy.SUPPRESSED if self.is_hidden else "" if self.value is None else repr(self.value)
        return {"data-source": self.source, "data-key": self.key, "data-column": self.column, "data-value": value}


@dataclass
class Picture:
    """A chart with its heading and words; without a drawing it says why there is none."""

    anchor: str
    title: str
    intro: str
    drawing: Markup | None = None
    why_absent: str = ""
    note: str = ""


def last_months(as_of: datetime, count: int = YEAR_OF_MONTHS) -> tuple[date, date]:
    """First days of the first and the last of so many whole months."""
    last = (as_of.date().replace(day=1) - timedelta(days=1)).replace(day=1)
    year, month = divmod(last.year * 12 + last.month - count, 12)
    return date(year, month + 1, 1), last
