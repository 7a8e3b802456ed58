"""Codes that law or local rule restricts (F 5.6), in a few records of every feed that can carry them.

The sender ought to have held them back, and sometimes does not. They are planted with draws of their own, so that all
else stays as it is; truth/dirt names record, column and what was sent (kind restricted_code).
"""

from __future__ import annotations

import csv
from functools import cache

import numpy as np

from orchestration.demo.dirt import DirtLog, rate
from orchestration.demo.population import age_on
from orchestration.demo.table import Table, rng_for, words
from orchestration.settings import PROJECT

KIND = "restricted_code"
OF_WOMEN = ("fertility", "termination")
# of what law restricts more than of what local rule does, and some of both in the smallest demo
ACTIONS = ("drop", "restrict", "drop", "drop")


@cache
def listed(code_system: str) -> list[dict[str, str]]:
    """The rows of the seed sensitive_code; `code` is a code of the system where the seed has only a prefix."""
    with (PROJECT / "seeds" / "sensitive_code.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["code_system"] == code_system]
    for row in rows:
        prefix = row["code_prefix"]
        row["code"] = prefix.ljust(3, "4").ljust(4, "9") if code_system == "icd10" else prefix
    return rows


def pick(feed: str, seed: int, eligible: np.ndarray, least: int) -> tuple[np.ndarray, np.random.Generator]:
    """Rows that carry such a code: by the rate of the feed, and `least` where there are so many."""
    rng = rng_for(seed, f"restricted codes {feed}")
    here = np.flatnonzero(eligible)
    count = min(max(least, round(rate(KIND, feed) * len(here))), len(here))
    return rng.permutation(here)[:count], rng


def codes_for(code_system: str, is_woman: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A code for each record, of one action after the other."""
    codes = []
    for place, woman in enumerate(is_woman.tolist()):
        action = ACTIONS[place % len(ACTIONS)]
        fits = [
            row["code"]
            for row in listed(code_system)
            if row["action"] == action and (woman or row["code_group"] not in OF_WOMEN)
        ]
        codes.append(fits[int(rng.integers(0, len(fits)))])
    return words(codes)


def is_adult(people: Table, who: np.ndarray, when: np.ndarray) -> np.ndarray:
    """Of an age at which every group of these codes can be somebody's."""
    age = age_on(people["birth_date"][who], when.astype("datetime64[D]"))
    return (age >= 16) & (age < 45)


def is_woman(people: Table, who: np.ndarray) -> np.ndarray:
    return people["sex_code"][who] == "2"


def in_place(table: Table, column: str, rows: np.ndarray, sent: np.ndarray, ids: np.ndarray, log: DirtLog) -> None:
    """What the records say, and the books."""
    table[column][rows] = sent
    log.add(KIND, ids[rows], column, sent)
