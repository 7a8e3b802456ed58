"""Beds at 08:00, as the patients of the truth fill them (F 2.7, 3.5)."""

from __future__ import annotations

import numpy as np

from orchestration.demo import clock, rates
from orchestration.demo.inpatient import general_and_acute
from orchestration.demo.rates import Period
from orchestration.demo.table import Table, concat, rng_for, take, words

CENSUS = np.timedelta64(8 * 3600, "s")
LONG_STAYS = (7, 14, 21)
SLACK_IN_CORE = 0.5  # share of the empty beds of a quarter that a constant core may cost
CRITICAL_OCCUPANCY = 0.82


def census_moment(days: np.ndarray) -> np.ndarray:
    """08:00 by the clock on the wall."""
    return clock.to_utc(days.astype("datetime64[D]").astype(clock.SECOND) + CENSUS)


def _present(start: np.ndarray, end: np.ndarray, moments: np.ndarray) -> np.ndarray:
    return np.searchsorted(np.sort(start), moments, side="right") - np.searchsorted(np.sort(end), moments, side="right")


def make_beds(period: Period, spells: Table, occupied: dict[str, np.ndarray], seed: int) -> Table:
    """The 08:00 snapshot of every site and day.

    Occupied are the patients of the spells, however few: admitted by 08:00 and not yet discharged. The core of open
    beds is constant over a quarter, escalation beds are opened as needed; over a quarter the share in use comes to the
    level of `occupied`.
    """
    return concat([_beds_of_site(site, period.days, spells, occupied[site], seed) for site in rates.SITES])


def _beds_of_site(site: str, days: np.ndarray, spells: Table, level: np.ndarray, seed: int) -> Table:
    rng = rng_for(seed, f"beds {site}")
    moment = census_moment(days)
    here = spells["site_code"] == site
    stays = take(spells, here & general_and_acute(spells))
    start, end = stays["admitted_at"], stays["discharged_at"]
    adult, covid = stays["age"] >= 18, stays["has_covid"]
    total = _present(start, end, moment)
    adults = _present(start[adult], end[adult], moment)
    admitted_day = clock.local_date(start)
    bands = []
    for nights in LONG_STAYS:
        since = clock.midnight(admitted_day + np.timedelta64(nights, "D"))
        long = adult & (end > since)
        bands.append(_present(since[long], end[long], moment))
    with_covid = _present(start[covid], end[covid], moment)
    void = np.minimum(rng.binomial(with_covid, 0.18), 12)
    winter = np.isin(rates.month_of(days), (10, 11, 0, 1, 2))
    closed = rng.poisson(np.where(winter, 0.006, 0.0015) * total)
    core, opened = _open_beds(days, total, np.maximum(total + void + closed - 2, total), level)
    adult_opened = np.maximum(np.round(opened * adults / np.maximum(total, 1)).astype("int64"), adults)
    intensive = take(spells, here & (spells["treatment_function_code"] == "192") & (spells["age"] >= 18))
    critical = _present(intensive["admitted_at"], intensive["discharged_at"], moment)
    return {
        "snapshot_date": days,
        "site_code": words([site] * len(days)),
        "patients": total,
        "ga_core_beds_open": core,
        "ga_escalation_beds_open": opened - core,
        "ga_beds_occupied": total,
        "ga_covid_occupied": with_covid,
        "ga_covid_void_beds": void,
        "ga_infection_closed_beds": closed,
        "adult_ga_beds_open": np.minimum(adult_opened, opened),
        "adult_ga_beds_occupied": adults,
        "critical_care_beds_open": _critical_beds(days, critical),
        "critical_care_beds_occupied": critical,
        "los_7_plus": bands[0],
        "los_14_plus": bands[1],
        "los_21_plus": bands[2],
        # the pressure that the hospital feels, not the accident of a few beds
        "opel_level": 1 + np.digitize(level, (0.90, 0.94, 0.965)),
    }


def _quarters(days: np.ndarray) -> list[np.ndarray]:
    quarter = days.astype("datetime64[M]").astype("int64") // 3
    return [np.flatnonzero(quarter == one) for one in np.unique(quarter)]


def _open_beds(
    days: np.ndarray, total: np.ndarray, least: np.ndarray, level: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Core and all open beds. What rounding leaves of one day's need is carried into the next."""
    core, opened = np.ones(len(days), dtype="int64"), np.ones(len(days), dtype="int64")
    wanted = total / level
    for quarter in _quarters(days):
        most = int(wanted[quarter].max()) + 1
        spare = SLACK_IN_CORE * (wanted[quarter] - total[quarter]).sum()
        cost = [np.maximum(beds - total[quarter], 0).sum() for beds in range(most + 1)]
        here = max(int(np.searchsorted(cost, spare, side="right")) - 1, 1)
        core[quarter] = here
        carried = 0.0
        for day in quarter:
            carried += wanted[day]
            opened[day] = max(round(carried), least[day], here)
            carried -= opened[day]
    return core, opened


def _critical_beds(days: np.ndarray, patients: np.ndarray) -> np.ndarray:
    opened = np.ones(len(days), dtype="int64")
    for quarter in _quarters(days):
        opened[quarter] = max(round(patients[quarter].mean() / CRITICAL_OCCUPANCY), patients[quarter].max(), 1)
    return opened
