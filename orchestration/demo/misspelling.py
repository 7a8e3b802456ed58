"""How names and dates are got wrong."""

from __future__ import annotations

import unicodedata

import numpy as np

# Neighbours on the keyboard, and letters that sound alike.
NEAR = dict(zip("abcdefghijklmnopqrstuvwxyz", "evstavjnygcinmubgtzdobvsis", strict=True))
SPELT_OUT = {"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa", "ß": "ss"}


def misspelt(name: str, how: float, where: float, which: float) -> str:
    """A letter doubled, left out, changed, or two that changed places; never the first. Arguments in [0, 1)."""
    place = 1 + int(where * (len(name) - 2))
    if how < 0.25:
        return name[:place] + name[place] + name[place:]
    if how < 0.5:
        return name[:place] + name[place + 1 :]
    if how < 0.75:
        return name[:place] + NEAR.get(name[place].lower(), "a") + name[place + 1 :]
    return name[:place] + name[place + 1] + name[place] + name[place + 2 :]


def plain(name: str, how: float) -> str:
    """Without accents, or, a third of the time, spelt out as its own language does: Mueller. `how` in [0, 1)."""
    if how < 0.33:
        for letter, spelt in SPELT_OUT.items():
            name = name.replace(letter, spelt).replace(letter.upper(), spelt.capitalize())
    return "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))


def parts(day: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Year, month and day of dates."""
    months = day.astype("datetime64[M]")
    year = months.astype("datetime64[Y]").astype("int64") + 1970
    month = months.astype("int64") % 12 + 1
    return year, month, (day.astype("datetime64[D]") - months.astype("datetime64[D]")).astype("int64") + 1


def date(year: np.ndarray, month: np.ndarray, day: np.ndarray) -> np.ndarray:
    """Dates of their parts; a day beyond the end of the month runs on into the next."""
    months = ((year - 1970) * 12 + month - 1).astype("datetime64[M]")
    return months.astype("datetime64[D]") + (day - 1).astype("timedelta64[D]")
