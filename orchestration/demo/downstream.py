"""What follows a stay in hospital: community beds, care homes, packages of care at home; and who goes on to what."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from orchestration.demo import community, social_care
from orchestration.demo.presence import busy_with
from orchestration.demo.rates import Period, Picker
from orchestration.demo.table import Table, size


@dataclass
class Downstream:
    """`next_spell`: row of the spell in which a spell goes on in another of the trust's hospitals, or -1."""

    next_spell: np.ndarray
    wards: Table
    stays: Table
    ward_days: Table
    homes: Table
    home_weeks: Table
    packages: Table


def transfers(spells: Table) -> np.ndarray:
    """For each spell the row of the spell that it goes on in, or -1."""
    after = np.full(size(spells), -1)
    parts = np.flatnonzero(spells["first_part"] >= 0)
    after[spells["first_part"][parts]] = parts
    return after


def make_downstream(
    period: Period,
    residents: int,
    people: Table,
    lsoa: Table,
    calls: Table,
    incidents: Table,
    attendances: Table,
    spells: Table,
    seed: int,
) -> Downstream:
    picker = Picker(people, lsoa, period, seed)
    onward = transfers(spells)
    first_part = onward >= 0
    busy = busy_with(
        (calls, "offered_at", "ends_at", False),
        (incidents, "call_connect_at", "ends_at", True),
        (attendances, "arrived_at", "departed_at", True),
        (spells, "admitted_at", "discharged_at", True),
    )
    wards = community.make_wards(residents)
    stays = community.make_stays(period, residents, people, lsoa, spells, first_part, busy, picker, wards, seed)
    ward_days = community.make_ward_days(period, wards, stays, seed)
    homes = social_care.make_homes(residents, period, seed)
    home_weeks = social_care.make_home_weeks(period, homes, seed)
    with_stays = busy.plus(
        stays["person"],
        stays["admitted_on"].astype("datetime64[s]"),
        (stays["discharged_on"] + np.timedelta64(1, "D")).astype("datetime64[s]"),
    )
    packages = social_care.make_packages(
        period, residents, people, lsoa, spells, first_part, stays, with_stays, picker, seed
    )
    return Downstream(onward, wards, stays, ward_days, homes, home_weeks, packages)


__all__ = ["Downstream", "make_downstream", "transfers"]
