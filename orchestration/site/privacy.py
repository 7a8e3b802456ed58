"""Small numbers: what the pages do not show, because it could be about one of a handful of people (F 5.7).

Counts of people from 1 to 7 are not shown; neither is an average, a centile or a share that rests on so few. Counts of
beds, homes and days are not about people. The page of the position now shows operational counts as they are.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

SMALL = 7
PEOPLE_UNITS = ("people", "attendances", "patients", "calls", "incidents", "journeys")
NOT_ABOUT_PEOPLE = ("community_beds", "care_home_capacity")
"""Data sets that count beds and homes."""
SUPPRESSED = "*"
ALL = "ALL"


class Key(NamedTuple):
    """What identifies a row of uec_metric."""

    metric_id: str
    grain: str
    period: object
    organisation_code: str
    site_code: str
    category: str
    covid: str


def is_small(count: float | None) -> bool:
    """1 to 7 people, after rounding to whole people."""
    return count is not None and count > 0 and round(count) <= SMALL


def to_five(count: float) -> int:
    """To the nearest 5, as HES counts are given where they are not 1 to 7 (F 5.7)."""
    return 5 * math.floor(count / 5 + 0.5)


def wilson(part: float, whole: float) -> tuple[float, float]:
    """Ends of the 95 % interval of a share (F 4.9)."""
    z = 1.959964
    middle, scale = part + z * z / 2, whole + z * z
    spread = z * math.sqrt(part * (whole - part) / whole + z * z / 4)
    return (middle - spread) / scale, (middle + spread) / scale


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


def hide_what_follows(values: Mapping[Key, float], hidden: set[Key], system: str | None) -> None:
    """Add to `hidden` what a reader could otherwise work out: a single hidden part is its total less the other parts.

    `values`: of measures that add up (counts, averages per day). Parts: organisations of the system, sites of an
    organisation, categories of a place, with and without COVID-19. The smallest other part that is not 0 goes too.
    """
    parts_of: dict[Key, dict[str, list[Key]]] = defaultdict(lambda: defaultdict(list))
    for key in values:
        if key.organisation_code != system and key.site_code == ALL and system:
            parts_of[key._replace(organisation_code=system)]["organisation"].append(key)
        if key.site_code != ALL:
            parts_of[key._replace(site_code=ALL)]["site"].append(key)
        if key.category != ALL:
            parts_of[key._replace(category=ALL)]["category"].append(key)
        if key.covid != "all":
            parts_of[key._replace(covid="all")]["covid"].append(key)
    groups = [(total, parts) for total, kinds in parts_of.items() if total in values for parts in kinds.values()]
    while _hide_one_more(groups, values, hidden):
        pass


def _hide_one_more(groups: Iterable[tuple[Key, list[Key]]], values: Mapping[Key, float], hidden: set[Key]) -> bool:
    changed = False
    for total, parts in groups:
        if total in hidden or sum(part in hidden for part in parts) != 1:
            continue
        others = [part for part in parts if part not in hidden and values[part]]
        if others:  # else the part is the total, which may be shown
            hidden.add(min(others, key=lambda part: (values[part], part)))
            changed = True
    return changed
