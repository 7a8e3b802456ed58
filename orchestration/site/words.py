"""How the pages say things: values, periods, places, signals, in words that need no manual."""

from __future__ import annotations

import re
from datetime import date, datetime

UNIT_WORDS = {
    "percent": "per cent",
    "seconds": "minutes and seconds",
    "minutes": "minutes",
    "hours": "hours",
    "days": "days",
    "beds": "beds",
    "people": "people",
    "attendances": "attendances",
    "homes": "homes",
}

SIGNALS = {
    "above_limit": "a value above what chance explains",
    "below_limit": "a value below what chance explains",
    "trend_up": "seven values in a row rising",
    "trend_down": "seven values in a row falling",
    "two_of_three_high": "two of three values close to the upper limit",
    "two_of_three_low": "two of three values close to the lower limit",
    "shift_high": "seven or more values in a row above the mean",
    "shift_low": "seven or more values in a row below the mean",
}
VARIATION = {
    "improvement": "Improving",
    "concern": "Concern",
    "neutral": "Changed",
    "common_cause": "No real change",
}
ASSURANCE = {
    "pass": "the target will be met again and again",
    "fail": "the target will not be met unless something changes",
    "hit_and_miss": "the target will be met some weeks and missed others",
}
STATUS = {
    "fresh": "up to date",
    "late": "late",
    "very_late": "very late",
    "missing": "has not arrived",
}


def number(value: float, places: int = 0) -> str:
    """1,234 or 1,234.5; never -0."""
    text = f"{value:,.{places}f}"
    return text.removeprefix("-") if float(text.replace(",", "")) == 0 else text


def shown(value: float | None, unit: str | None) -> str:
    """A value as a person reads it: 31.4%, 8:42 (minutes and seconds), 214 min, 52 beds."""
    if value is None:
        return "–"
    if unit == "percent":
        return f"{number(value, 1)}%"
    if unit == "seconds":
        return f"{round(value) // 60}:{round(value) % 60:02d}"
    plain = number(value, 0 if abs(value) >= 100 or float(value).is_integer() else 1)
    if unit == "minutes":
        return f"{plain} min"
    if not unit or unit == "count":
        return plain
    return f"{plain} {singular(unit) if plain == '1' else unit}"


def singular(unit: str) -> str:
    return {"people": "person"}.get(unit, unit.removesuffix("s"))


def axis_number(value: float, unit: str) -> str:
    """The same, as short as an axis needs it."""
    if unit == "percent":
        return f"{value:g}%"
    if unit == "seconds":
        return f"{round(value) // 60}:{round(value) % 60:02d}"
    return f"{value:,g}"


def day(moment: date | datetime | None) -> str:
    """1 November 2026."""
    return "–" if moment is None else f"{moment.day} {moment:%B %Y}"


def short_day(moment: date) -> str:
    return f"{moment.day} {moment:%b %Y}"


def clock(moment: datetime | None) -> str:
    """1 Nov 2026, 07:05."""
    return "–" if moment is None else f"{moment.day} {moment:%b %Y, %H:%M}"


def month(moment: date | None) -> str:
    return "–" if moment is None else f"{moment:%B %Y}"


def period(grain: str, start: date) -> str:
    """October 2026; Week from 26 October 2026; 31 October 2026."""
    return {"month": month(start), "week": f"Week from {day(start)}"}.get(grain, day(start))


def age(minutes: int | None) -> str:
    """How old something is: 5 minutes, 3 hours, 2 days."""
    if minutes is None:
        return "never"
    for size, word in ((1_440, "day"), (60, "hour")):
        if minutes >= 2 * size:
            return f"{minutes // size} {word}s"
    return f"{minutes} minute{'s' if minutes != 1 else ''}"


def organisation(name: str) -> str:
    """A name that fits a chart: without its legal form."""
    short = re.sub(r"( Partnership)?( University)? (NHS Foundation Trust|NHS Trust)$", r"\1", name)
    short = re.sub(r"(-on-Sea)?( City| County)? Council$", " council", short)
    return re.sub(r" CIC$| Service$", "", short)


def humane(word: str) -> str:
    """wait_to_be_seen -> Wait to be seen."""
    text = word.replace("_", " ").strip()
    return text[:1].upper() + text[1:]


def together(words: list[str], most: int = 4) -> str:
    """a, b and c; a, b, c, d and 3 more."""
    if len(words) > most:
        words = [*words[: most - 1], f"{len(words) - most + 1} more"]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else ""
