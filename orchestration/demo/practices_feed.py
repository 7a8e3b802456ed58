"""The practices' lists: everybody registered on the first of the month, a whole snapshot each time."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np

from orchestration.demo import clock, formats
from orchestration.demo.dirt import DirtLog
from orchestration.demo.identity import mistyped
from orchestration.demo.sending import Sent, pick
from orchestration.demo.table import Table, concat, rng_for, size, take, words
from orchestration.demo.world import World

FEED = "registrations"
# The lists have been sent for a year: the agreement is younger than the hospitals'.
SNAPSHOTS = 12
HEADER = [
    "NHS_NUMBER",
    "FAMILY_NAME",
    "GIVEN_NAME",
    "DATE_OF_BIRTH",
    "GENDER",
    "ETHNIC_CATEGORY",
    "POSTCODE",
    "LSOA11",
    "PRACTICE_CODE",
    "REGISTRATION_DATE",
    "REGISTRATION_TYPE",
]


def _first_of_months(world: World) -> list[dt.date]:
    last = world.period.end + dt.timedelta(days=1)
    dates, day = [], dt.date(world.period.start.year, world.period.start.month, 1)
    while day <= last:
        dates.append(day)
        day = dt.date(day.year + day.month // 12, day.month % 12 + 1, 1)
    return dates[1:][-SNAPSHOTS:] or dates


def send_registrations(world: World, landing: Path, seed: int) -> Sent:
    people, history = world.people, world.registrations
    files = rows_sent = 0
    dirt: list[Table] = []
    count = len(people["nhs_number"])
    # a wrong number stays wrong from month to month
    rng = rng_for(seed, "send registrations")
    number = people["nhs_number"].copy()
    everyone = np.ones(count, dtype=bool)
    wrong = pick(rng, FEED, ["nhs_number_wrong"], everyone)["nhs_number_wrong"]
    number[wrong] = words([mistyped(n, p) for n, p in zip(number[wrong], rng.integers(3, 9, len(wrong)), strict=True)])
    ahead = pick(rng, FEED, ["registered_in_future"], everyone)["registered_in_future"]
    lost = pick(rng, FEED, ["postcode_missing", "no_fixed_abode"], everyone)
    is_wrong, is_ahead, is_missing, is_homeless = (np.zeros(count, dtype=bool) for _ in range(4))
    for flag, which in (
        (is_wrong, wrong),
        (is_ahead, ahead),
        (is_missing, lost["postcode_missing"]),
        (is_homeless, lost["no_fixed_abode"]),
    ):
        flag[which] = True
    stale = pick(rng, FEED, ["listed_twice"], everyone)["listed_twice"]
    listed_twice = np.zeros(count, dtype=bool)
    listed_twice[stale] = True

    for day in _first_of_months(world):
        log, name = DirtLog(FEED), f"gp_registrations_{day:%Y%m%d}.csv"
        today = np.datetime64(day, "D")
        now = (history["registered_on"] <= today) & ~(history["ended_on"] <= today)
        current = take(history, now)
        double = np.flatnonzero(listed_twice[current["person"]])
        former = take(current, double)
        # the former practice has not taken them off its list; its row stands first, as the older one
        former["gp_practice_code"] = np.roll(former["gp_practice_code"], 1)
        former["registered_on"] = former["registered_on"] - np.timedelta64(900, "D")
        table = concat([former, current])
        who = table["person"]
        ids = people["nhs_number"][who]
        log.add(
            "listed_twice",
            people["nhs_number"][former["person"]],
            "gp_practice_code",
            former["gp_practice_code"],
            stands=False,
        )
        registered = np.where(is_ahead[who], today + np.timedelta64(40, "D"), table["registered_on"])
        postcode = np.where(is_missing[who], None, np.where(is_homeless[who], "ZZ99 3VZ", table["postcode"]))
        log.add("nhs_number_wrong", ids[is_wrong[who]], "nhs_number", number[who][is_wrong[who]])
        log.add(
            "registered_in_future",
            ids[is_ahead[who]],
            "registered_on",
            clock.text(registered[is_ahead[who]], "%Y-%m-%d"),
        )
        log.add("postcode_missing", ids[is_missing[who]], "postcode")
        log.add("no_fixed_abode", ids[is_homeless[who]], "postcode", "ZZ99 3VZ")
        columns = [
            number[who],
            people["family_name"][who],
            people["given_name"][who],
            clock.text(people["birth_date"][who], "%Y-%m-%d"),
            people["sex_code"][who],
            people["ethnic_category_code"][who],
            formats.plain(postcode),
            table["lsoa_code"],
            table["gp_practice_code"],
            clock.text(registered, "%Y-%m-%d"),
            table["registration_type_code"],
        ]
        content = "".join(formats.delimited(HEADER, columns, ",")).encode()
        formats.leave(landing / "primary_care" / name, content, clock.at(day, 5))
        files += 1
        rows_sent += size(table)
        found = log.columns()
        found["file"] = words([name] * len(found["kind"]))
        found["feed"] = words([FEED] * len(found["kind"]))
        dirt.append(found)
    return Sent(FEED, files, rows_sent, concat(dirt), np.empty(0, dtype=clock.SECOND), np.empty(0, dtype=bool))
