"""How much, when and where: magnitudes of F 7.1 to 7.3 for 1.2 million residents, scaled to the demo's population."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np

from orchestration.demo import clock
from orchestration.demo.table import Table, rng_for, seconds

FULL_SIZE = 1_200_000
SITES = ("RAJ01", "RAJ12", "RAJ32")
ELSEWHERE_SITES = {"RDEE4": 35, "RF4QH": 45, "RQWG0": 20}  # Colchester, Romford, Harlow
SITE_OF_SUB_ICB = {"99G": "RAJ01", "99F": "RAJ01", "99E": "RAJ12", "07G": "RAJ12", "06Q": "RAJ32"}
# Basildon sees more of its people than Broomfield does (F 7.1)
ED_USE = {"RAJ01": 0.96, "RAJ12": 1.18, "RAJ32": 0.86}

# events a month for 1.2 million residents
CALLS = 29_000
INCIDENTS_999 = 8_600  # counted incidents that did not come through 111
WALK_INS = 26_900
GP_ADMISSIONS = 900
ELECTIVES = 9_500
MATERNITY = 950

MONTH_SHAPE = {
    "ed": (1.00, 0.96, 1.03, 0.99, 1.04, 1.02, 1.04, 0.96, 1.00, 1.02, 1.01, 1.00),
    "999": (1.06, 1.01, 1.00, 0.97, 0.97, 0.97, 0.99, 0.96, 0.97, 1.00, 1.02, 1.10),
    "111": (1.08, 1.00, 1.00, 1.02, 0.98, 0.95, 0.95, 0.93, 0.93, 0.98, 1.03, 1.18),
    "elective": (0.99, 1.01, 1.08, 0.95, 1.01, 1.04, 1.05, 0.97, 1.03, 1.07, 1.04, 0.83),
    "level": (1.0,) * 12,
}
# Monday first
WEEKDAY_SHAPE = {
    "ed": (1.12, 1.02, 0.99, 0.98, 0.98, 0.94, 0.97),
    "999": (1.02, 0.98, 0.98, 0.98, 1.01, 1.03, 1.00),
    "111": (0.90, 0.83, 0.81, 0.81, 0.87, 1.42, 1.36),
    "elective": (1.22, 1.30, 1.31, 1.27, 1.13, 0.50, 0.27),
    "gp": (1.30, 1.22, 1.18, 1.16, 1.20, 0.50, 0.44),
    "level": (1.0,) * 7,
}
HOUR_SHAPE = {
    "ed": (22, 18, 15, 13, 13, 15, 22, 35, 55, 72, 80, 80, 76, 73, 71, 70, 70, 70, 68, 64, 57, 47, 37, 28),
    "999": (34, 30, 27, 25, 24, 25, 29, 36, 45, 52, 55, 55, 54, 53, 52, 52, 53, 54, 54, 53, 50, 47, 43, 39),
    "111": (22, 17, 14, 12, 12, 15, 25, 42, 62, 72, 70, 63, 57, 55, 54, 56, 62, 75, 84, 82, 72, 58, 44, 31),
    "elective": (0, 0, 0, 0, 0, 0, 6, 95, 60, 30, 18, 14, 25, 40, 15, 8, 4, 2, 1, 1, 1, 0, 0, 0),
    "gp": (6, 4, 3, 3, 3, 4, 6, 12, 22, 40, 60, 75, 80, 85, 85, 85, 85, 78, 60, 40, 26, 18, 12, 8),
    "level": (1,) * 24,
}
AGE_EDGES = (5, 18, 40, 65, 75, 85)
AGE_USE = {
    "ed": (1.9, 1.0, 1.05, 0.8, 0.95, 1.5, 2.3),
    "999": (0.35, 0.25, 0.60, 0.80, 1.4, 3.0, 6.0),
    "111": (2.6, 0.9, 1.1, 0.7, 0.8, 1.2, 2.0),
    "elective": (0.3, 0.35, 0.7, 1.4, 1.9, 1.6, 0.8),
    "gp": (1.2, 0.3, 0.5, 0.8, 1.5, 2.6, 4.0),
}
# most deprived tenth to least deprived tenth
DEPRIVATION_USE = {
    "ed": (1.35, 0.78),
    "999": (1.5, 0.72),
    "111": (1.3, 0.8),
    "elective": (0.95, 1.03),
    "gp": (1.2, 0.88),
}


@dataclass(frozen=True)
class Period:
    start: dt.date
    end: dt.date

    @property
    def days(self) -> np.ndarray:
        return np.arange(self.start, self.end + dt.timedelta(days=1), dtype="datetime64[D]")

    @property
    def begins(self) -> np.datetime64:
        return clock.midnight(self.start)[()]

    @property
    def ends(self) -> np.datetime64:
        """First moment after the last day."""
        return clock.midnight(self.end + dt.timedelta(days=1))[()]


def month_of(days: np.ndarray) -> np.ndarray:
    return days.astype("datetime64[M]").astype("int64") % 12


def weekday_of(days: np.ndarray) -> np.ndarray:
    """Monday 0."""
    return (days.astype("datetime64[D]").astype("int64") + 3) % 7


def moments(
    rng: np.random.Generator, period: Period, residents: int, a_month: float, month: str, weekday: str, hour: str
) -> np.ndarray:
    """Times (UTC) of events that come at a monthly rate, in order, with the season, week and hours of a kind."""
    days = period.days
    shape = np.array(MONTH_SHAPE[month])[month_of(days)] * np.array(WEEKDAY_SHAPE[weekday])[weekday_of(days)]
    counts = rng.poisson(a_month * 12 / 365.25 * residents / FULL_SIZE * shape)
    total = int(counts.sum())
    hours = np.cumsum(HOUR_SHAPE[hour])
    of_day = np.searchsorted(hours, rng.random(total) * hours[-1], side="right") * 3600 + rng.integers(0, 3600, total)
    begins = clock.midnight(np.append(days, days[-1] + 1))
    # the days of 23 and 25 hours are as full as the others
    length = np.repeat((begins[1:] - begins[:-1]).astype("int64"), counts) / 86_400
    return np.sort(np.repeat(begins[:-1], counts) + seconds(np.floor(of_day * length)))


def covid_share(days: np.ndarray) -> np.ndarray:
    """Share of emergency patients with COVID-19: a floor and three waves a year, high in autumn and at New Year."""
    day_of_year = (days.astype("datetime64[D]") - days.astype("datetime64[Y]")).astype("int64").astype(float)
    share = np.full(len(days), 0.010)
    for peak, height, width in ((8, 0.035, 18), (190, 0.022, 20), (283, 0.045, 22)):
        distance = np.minimum(abs(day_of_year - peak), 365.25 - abs(day_of_year - peak))
        share += height * np.exp(-0.5 * (distance / width) ** 2)
    return share


def occupancy(period: Period, seed: int) -> dict[str, np.ndarray]:
    """Share of general and acute beds in use, a site and day: what makes ambulances wait and stays in ED longer."""
    days = period.days
    winter = 0.009 * np.cos(2 * np.pi * (days - days.astype("datetime64[Y]")).astype("int64") / 365.25)
    weekly = np.array((0.006, 0.004, 0.001, 0.0, -0.003, -0.006, -0.002))[weekday_of(days)]
    result = {}
    for site, level in zip(SITES, (0.955, 0.962, 0.953), strict=True):
        noise = rng_for(seed, f"occupancy {site}").normal(0, 0.006, len(days))
        drift = np.empty(len(days))
        level_now = 0.0
        for day, step in enumerate(noise):
            level_now = 0.85 * level_now + step
            drift[day] = level_now
        result[site] = np.clip(level + winter + weekly + drift, 0.90, 1.0)
    return result


def pressure(occupied: np.ndarray) -> np.ndarray:
    """Bed-pressure multiplier of F 7.3."""
    return 1 + 3 * np.maximum(0, occupied - 0.92)


def band_of(age: np.ndarray) -> np.ndarray:
    return np.searchsorted(AGE_EDGES, age, side="right")


class Picker:
    """Draws the person of each event: some ages, some places and some people come more often than others."""

    def __init__(self, people: Table, lsoa: Table, period: Period, seed: int) -> None:
        self.people = people
        rng = rng_for(seed, "frailty")
        count = len(people["birth_date"])
        middle = period.days[len(period.days) // 2]
        age = np.maximum((middle - people["birth_date"]).astype("int64") // 365, 0)
        decile = lsoa["imd_decile"][people["home"]]
        site_of_home = np.array([SITES.index(SITE_OF_SUB_ICB[code]) for code in lsoa["sub_icb_code"]])
        self.site = site_of_home[people["home"]]
        again = rng.gamma(0.9, 1 / 0.9, count) + 0.15
        self.again = again
        here = np.where(people["is_resident"], 1.0, 1.2)
        self.weights = {}
        for kind, by_age in AGE_USE.items():
            most, least = DEPRIVATION_USE[kind]
            weight = np.array(by_age)[band_of(age)] * (most + (least - most) * (decile - 1) / 9) * again * here
            if kind in ("ed", "gp"):
                weight = weight * np.array([ED_USE[site] for site in SITES])[self.site]
            self.weights[kind] = np.cumsum(weight)
        self.before_birth = np.where(people["is_newborn"], people["birth_date"], np.datetime64("1900-01-01"))

    def draw(self, rng: np.random.Generator, kind: str, when: np.ndarray) -> np.ndarray:
        weight = self.weights[kind]
        who = np.searchsorted(weight, rng.random(len(when)) * weight[-1], side="right")
        for _ in range(12):
            unborn = np.flatnonzero(self.before_birth[who] >= clock.local_date(when))
            if not len(unborn):
                break
            who[unborn] = np.searchsorted(weight, rng.random(len(unborn)) * weight[-1], side="right")
        return who

    def nearest(self, rng: np.random.Generator, who: np.ndarray) -> np.ndarray:
        """Row of the hospital: mostly the one of the home, sometimes another."""
        site = self.site[who].copy()
        away = rng.random(len(who)) < np.where(self.people["is_resident"][who], 0.06, 0.5)
        site[away] = rng.integers(0, len(SITES), int(away.sum()))
        return site
