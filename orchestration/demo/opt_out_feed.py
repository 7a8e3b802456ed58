"""National data opt-outs, as the MESH check service returns them: the NHS numbers whose owners opted out. F 5.3, 5.4.

Asked once a month for everybody whom the hub may know; each answer replaces the one before it. The service answers with
numbers that it was asked for, so there is no dirt in them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import numpy as np

from orchestration.demo import clock, formats
from orchestration.demo.sending import Sent
from orchestration.demo.table import Table, nat, rng_for, words
from orchestration.demo.world import World

FEED = "national_opt_outs"
ANSWERS = 12
SHARE = 0.055
"""Of all people; 5 to 6 % in England."""
SPREAD = 8.0
"""Shape of the gamma distribution of practices' shares: from a half of the mean to twice of it."""
CHANGED = 0.06
"""Of those who opted out: share that did so, or came back, within the demo."""


def opted_out(world: World, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """(first, last) day on which each person is opted out; NaT where never, or where it has not ended."""
    rng = rng_for(seed, "national opt-outs")
    practice, count = world.people["gp_practice_code"], len(world.people["nhs_number"])
    place = np.unique(np.where(np.equal(practice, None), "", practice).astype(str), return_inverse=True)[1]
    share = SHARE * rng.gamma(SPREAD, 1 / SPREAD, place.max() + 1)
    out = rng.random(count) < share[place]
    start, days = np.datetime64(world.period.start, "D"), len(world.period.days)
    within = start + rng.integers(1, max(days, 2), count).astype("timedelta64[D]")
    kind = rng.random(count)
    first = np.where(out, np.where(kind < CHANGED / 2, within, start - np.timedelta64(900, "D")), np.datetime64("NaT"))
    last = np.where(out & (kind >= CHANGED / 2) & (kind < CHANGED), within, np.datetime64("NaT"))
    born = world.people["birth_date"].astype("datetime64[D]")
    return np.fmax(first, np.where(out, born, np.datetime64("NaT"))), last


def _first_of_months(world: World) -> list[dt.date]:
    after = world.period.end + dt.timedelta(days=1)
    dates, day = [], world.period.start.replace(day=1)
    while day <= after:
        dates.append(day)
        day = dt.date(day.year + day.month // 12, day.month % 12 + 1, 1)
    return (dates[1:] or dates)[-ANSWERS:]


def send_opt_outs(world: World, landing: Path, seed: int) -> Sent:
    first, last = opted_out(world, seed)
    files = rows = 0
    listed = np.zeros(len(first), dtype=bool)
    for day in _first_of_months(world):
        today = np.datetime64(day, "D")
        listed = (first < today) & ~(last < today)
        numbers = np.sort(world.people["nhs_number"][listed].astype(str))
        content = "NHS_NUMBER,CHECKED_ON\n" + "".join(f"{number},{day:%Y%m%d}\n" for number in numbers)
        formats.leave(
            landing / "nhs_england" / f"national_opt_outs_{day:%Y%m%d}.csv", content.encode(), clock.at(day, 3)
        )
        files, rows = files + 1, rows + len(numbers)
    no_dirt = {name: words([]) for name in ("record_id", "kind", "column", "sent", "file", "feed")}
    # by person: whether the last answer has them
    return Sent(FEED, files, rows, no_dirt | {"stands": np.empty(0, dtype=bool)}, nat(len(listed)), listed)


def opt_out_truth(sent: Sent) -> Table:
    """person_no of everybody in the newest answer."""
    return {"person_no": np.flatnonzero(sent.delivered)}


PARTNERS: tuple[tuple[str, Callable[[World, Path, int], Sent]], ...] = (("national opt-outs", send_opt_outs),)
