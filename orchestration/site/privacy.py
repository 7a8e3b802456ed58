"""Small numbers: what the pages do not show, because it could be about one of a handful of people (F 5.7).

Counts of people from 1 to 7 are not shown; neither is an average, a centile or a share that rests on so few. Counts of
beds, homes and days are not about people. The page of the position now shows operational counts as they are.
"""

from __future__ import annotations

SMALL = 7
PEOPLE_UNITS = ("people", "attendances", "patients", "calls", "incidents", "journeys")
NOT_ABOUT_PEOPLE = ("community_beds", "care_home_capacity")
"""Data sets that count beds and homes."""
SUPPRESSED = "*"


def is_small(count: float | None) -> bool:
    """1 to 7 people, after rounding to whole people."""
    return count is not None and count > 0 and round(count) <= SMALL


def hides(
    *,
    value: float | None,
    numerator: float | None,
    denominator: float | None,
    unit: str,
    aggregate: str,
    dataset: str,
    is_breakdown: bool,
    people: int | None = None,
) -> bool:
    """Whether a measure's value is left out on the pages.

    `people`: how many different people stand behind an average per day, where that is known.
    """
    if value is None or dataset in NOT_ABOUT_PEOPLE or unit in ("beds", "homes"):
        return False
    if aggregate == "sum":
        return is_small(value) if unit in PEOPLE_UNITS else is_small(denominator)
    if aggregate == "daily_average":
        return value > 0 and (is_small(people) if people is not None else is_small(value))
    if is_breakdown and aggregate == "ratio" and is_small(numerator):
        return True
    return is_small(denominator)
