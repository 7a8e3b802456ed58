"""Who has which long-term condition since when, and how frail everybody is: the truth behind GP records. F 4.1, 7.3."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from orchestration.demo.population import age_on
from orchestration.demo.rates import Period
from orchestration.demo.table import Table, concat, rng_for

# Register (F 4.1): share of everybody in England, the age from which it occurs, how steeply it rises with age.
CONDITIONS = {
    "AF": (0.022, 40, 9.0),
    "AST": (0.065, 3, 200.0),
    "CAN": (0.036, 25, 14.0),
    "CHD": (0.030, 35, 11.0),
    "CKD": (0.034, 35, 10.0),
    "COPD": (0.019, 40, 13.0),
    "DEM": (0.008, 60, 6.0),
    "DEP": (0.105, 14, 90.0),
    "DM": (0.060, 20, 20.0),
    "EP": (0.007, 2, 150.0),
    "HF": (0.010, 45, 8.5),
    "HTN": (0.148, 28, 16.0),
    "LD": (0.006, 2, -60.0),
    "NDH": (0.064, 25, 22.0),
    "OST": (0.011, 50, 11.0),
    "PAD": (0.006, 45, 11.0),
    "PC": (0.005, 40, 9.0),
    "RA": (0.007, 20, 22.0),
    "SMI": (0.010, 16, 120.0),
    "STIA": (0.019, 40, 10.0),
}


@dataclass
class Health:
    """`condition`: one row per person and condition (person, condition, onset_date); `need`: 0 to 1 for each person,
    how much care the person needs, higher with age, conditions and emergency use."""

    condition: Table
    need: np.ndarray

    def has(self, condition: str) -> np.ndarray:
        """For each person, whether it has the condition by the end of the demo."""
        flag = np.zeros(len(self.need), dtype=bool)
        flag[self.condition["person"][self.condition["condition"] == condition]] = True
        return flag


def make_health(period: Period, people: Table, lsoa: Table, attendances: Table, spells: Table, seed: int) -> Health:
    """Conditions by age, deprivation and emergency use, so that those who have them are those who come."""
    rng = rng_for(seed, "health")
    count = len(people["birth_date"])
    end = np.datetime64(period.end, "D")
    age = age_on(people["birth_date"], np.full(count, end))
    emergency = np.bincount(spells["person"][np.isin(spells["kind"], ("ed", "direct"))], minlength=count)
    visits = np.bincount(attendances["person"], minlength=count)
    decile = lsoa["imd_decile"][people["home"]]
    liability = np.exp(0.45 * np.minimum(emergency, 4) + 0.08 * np.minimum(visits, 6)) * (1.35 - 0.07 * (decile - 1))
    found = []
    for condition, (share, from_age, slope) in CONDITIONS.items():
        weight = np.where(age >= from_age, np.exp((age - from_age) / slope), 0.0) * liability
        chance = np.minimum(share * count * weight / max(weight.sum(), 1e-9), 0.85)
        who = np.flatnonzero(rng.random(count) < chance)
        years = rng.exponential(8, len(who)).clip(0.05, np.maximum(age[who] - from_age, 0.3))
        onset = end - (years * 365.25).astype("int64").astype("timedelta64[D]")
        found.append(
            {
                "person": who,
                "condition": np.full(len(who), condition, dtype=object),
                "onset_date": np.maximum(onset, people["birth_date"][who].astype("datetime64[D]")),
            }
        )
    table = concat(found)
    conditions = np.bincount(table["person"], minlength=count)
    score = 0.03 * np.maximum(age - 60, 0) + 0.35 * conditions + 0.3 * np.minimum(emergency, 4)
    return Health(condition=table, need=1 - np.exp(-score / 2.5))
