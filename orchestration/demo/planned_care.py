"""Planned care: who waits for a consultant since when and how the wait ends, and every outpatient appointment.

Magnitudes F 7.2: 170,000 open pathways, 105,000 appointments a month that somebody came to. A wait follows a Weibull
curve of 27 weeks in the middle, so that a good half of those who wait have waited for less than 18 weeks. Who is
admitted in the demo as planned has waited for it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from orchestration.demo import clock, rates
from orchestration.demo.population import age_on
from orchestration.demo.rates import FULL_SIZE, Picker
from orchestration.demo.table import Table, choose, concat, rng_for, size, take, words
from orchestration.demo.world import World

DAY = np.timedelta64(1, "D")
NEVER = np.datetime64("NaT", "D")
OPEN_PATHWAYS = 170_000  # of 1.2 million residents
WAIT_SCALE, WAIT_SHAPE, WAIT_MEAN = 210.0, 1.5, 189.6  # days
LONG_WAIT = 420  # from here on somebody pushes
FURTHEST = 600
NOT_RTT = 0.20  # pathways outside of the 18 weeks, to those inside
APPOINTMENTS = 119_000  # a month for 1.2 million residents, with those that did not take place
DETERIORATING_SHARE = 0.006
RISE_DAYS = 91
SPECIALTY = {
    "110": 13,
    "130": 10,
    "120": 9,
    "100": 8,
    "502": 8,
    "330": 7,
    "301": 7,
    "101": 6,
    "320": 6,
    "140": 4,
    "400": 4,
    "340": 4,
    "410": 3,
    "107": 2,
    "160": 2,
    "302": 2,
    "303": 2,
    "361": 1,
    "300": 1,
    "430": 1,
}
CANCELLED_BY_PATIENT, DID_NOT_COME, CANCELLED_BY_TRUST, BOOKED = "2", "3", "4", "0"
SOURCES = {"03": 62, "92": 4, "04": 5, "05": 11, "13": 4, "14": 6, "15": 5, "17": 3}


@dataclass
class PlannedCare:
    """`pathways`: a row per wait; `appointments`: a row per booked appointment, `pathway` is its row or -1;
    `deteriorating`: people who wait and come to urgent care more and more, since `from_date`."""

    pathways: Table
    appointments: Table
    deteriorating: Table


def of_world(world: World, seed: int) -> PlannedCare:
    """The planned care of a world, made once."""
    made = world.__dict__.get("planned_care")
    if made is None:
        made = world.__dict__["planned_care"] = _make(world, seed)
    return made


def _make(world: World, seed: int) -> PlannedCare:
    picker = Picker(world.people, world.lsoa, world.period, seed)
    deteriorating = waiting_deteriorating(world, seed)
    pathways = _pathways(world, picker, deteriorating, seed)
    return PlannedCare(pathways, _appointments(world, picker, pathways, seed), deteriorating)


def residents_of(world: World) -> int:
    return int((world.people["is_resident"] & ~world.people["is_newborn"]).sum())


def waiting_deteriorating(world: World, seed: int) -> Table:
    """Adults with no urgent contact for a while and then two days or more with one in the last quarter of the demo."""
    people, last = world.people, np.datetime64(world.period.end, "D")
    contact = [
        (world.calls["person"], world.calls["offered_at"]),
        (world.incidents["person"], world.incidents["call_connect_at"]),
        (world.attendances["person"], world.attendances["arrived_at"]),
    ]
    who = np.concatenate([person for person, _ in contact])
    day = clock.local_date(np.concatenate([moment for _, moment in contact]))
    pairs = np.unique(np.stack([who, day.astype("int64")]), axis=1)
    who, day = pairs[0], pairs[1].astype("datetime64[D]")
    count = size(people)
    turn = last - RISE_DAYS * DAY
    recent, before = day > turn, (day <= turn) & (day > turn - RISE_DAYS * DAY)
    often = np.bincount(who[recent], minlength=count) >= 2
    quiet = np.bincount(who[before], minlength=count) == 0
    first = np.full(count, np.iinfo("int64").max)
    np.minimum.at(first, who[recent], day[recent].astype("int64"))
    fits = often & quiet & people["is_resident"] & np.isnat(people["died_on"]) & np.isnat(people["left_on"])
    fits &= age_on(people["birth_date"], np.full(count, last)) >= 18
    found = np.flatnonzero(fits)
    rng = rng_for(seed, "waiting and deteriorating")
    most = max(6, round(DETERIORATING_SHARE * residents_of(world)))
    found = np.sort(rng.permutation(found)[:most])
    return {"person": found, "from_date": first[found].astype("datetime64[D]")}


# --- waits -----------------------------------------------------------------------------------------------------------


def _waits(rng: np.random.Generator, count: int) -> np.ndarray:
    days = WAIT_SCALE * (-np.log(1 - rng.random(count))) ** (1 / WAIT_SHAPE)
    days = np.where(days > LONG_WAIT, LONG_WAIT + (days - LONG_WAIT) * 0.25, days)
    return np.clip(np.round(days), 2, FURTHEST).astype("int64")


def _specialty(rng: np.random.Generator, people: Table, who: np.ndarray, day: np.ndarray) -> np.ndarray:
    code = choose(rng, SPECIALTY, len(who))
    age = age_on(people["birth_date"][who], day)
    code = np.where((code == "502") & (people["sex_code"][who] == "1"), "101", code)
    code = np.where((code == "430") & (age < 75), "301", code)
    return np.where((age < 16) & (rng.random(len(who)) < 0.75), "420", code).astype(object)


def _draw(rng: np.random.Generator, world: World, picker: Picker, count: int) -> np.ndarray:
    """Residents: older people, and those in need, wait more often."""
    weight = np.diff(picker.weights["elective"], prepend=0.0) * world.people["is_resident"]
    weight = np.cumsum(weight * (0.5 + world.health.need))
    return np.searchsorted(weight, rng.random(count) * weight[-1], side="right")


def _pathways(world: World, picker: Picker, deteriorating: Table, seed: int) -> Table:
    rng = rng_for(seed, "waiting list")
    people, period = world.people, world.period
    first, last = np.datetime64(period.start, "D"), np.datetime64(period.end, "D")
    span = int((last - first).astype("int64")) + 1
    flow = OPEN_PATHWAYS / WAIT_MEAN * residents_of(world) / FULL_SIZE  # clock starts a day

    # Those whose wait ends with a planned admission in the demo.
    spells = world.spells
    planned = np.flatnonzero(np.isin(spells["admission_method_code"], ("11", "12")))
    stop = clock.local_date(spells["admitted_at"][planned])
    planned = planned[(stop >= first) & (stop <= last)]
    stop = clock.local_date(spells["admitted_at"][planned])
    wait = _waits(rng, len(planned))
    admitted = {
        "person": spells["person"][planned],
        "kind": words(["admission"] * len(planned)),
        "treatment_function_code": spells["treatment_function_code"][planned],
        "site_code": spells["site_code"][planned],
        "started_on": stop - wait.astype("timedelta64[D]"),
        "stopped_on": stop,
    }

    def some(kind: str, a_day: float, from_stop: bool) -> Table:
        """Waits at a daily rate: of starts, or of stops after the demo."""
        count = int(rng.poisson(a_day * (span + FURTHEST)))
        day = rng.integers(0, span + FURTHEST, count).astype("timedelta64[D]")
        wait = _waits(rng, count).astype("timedelta64[D]")
        start = last + DAY + day - wait if from_stop else first - FURTHEST * DAY + day
        keep = (start <= last) & (start + wait >= first)
        start, wait = start[keep], wait[keep]
        who = _draw(rng, world, picker, len(start))
        return {
            "person": who,
            "kind": words([kind] * len(who)),
            "treatment_function_code": _specialty(rng, people, who, start),
            "site_code": words(rates.SITES)[picker.nearest(rng, who)],
            "started_on": start,
            "stopped_on": start + wait,
        }

    by_admission = len(planned) / span
    who = deteriorating["person"]
    start = last - rng.integers(120, 331, len(who)).astype("timedelta64[D]")
    worse = {
        "person": who,
        "kind": np.where(rng.random(len(who)) < 0.5, "admission", "outpatient").astype(object),
        "treatment_function_code": _specialty(rng, people, who, start),
        "site_code": words(rates.SITES)[picker.nearest(rng, who)],
        "started_on": start,
        "stopped_on": last + rng.integers(40, 200, len(who)).astype("timedelta64[D]"),
    }
    table = concat(
        [
            admitted,
            some("admission", by_admission, from_stop=True),
            some("outpatient", max(flow - by_admission, 0.3 * flow), from_stop=False),
            some("other", flow * NOT_RTT, from_stop=False),
            worse,
        ]
    )
    return _details(rng, world, table)


def _details(rng: np.random.Generator, world: World, table: Table) -> Table:
    people = world.people
    who = table["person"]
    born = table["started_on"] > people["birth_date"][who]
    died = people["died_on"][who]
    table = take(table, born & ~(died <= table["started_on"]) & (table["stopped_on"] > table["started_on"]))
    table = take(table, np.lexsort((table["person"], table["started_on"])))
    who, count = table["person"], size(table)
    died = people["died_on"][who]
    dead = died <= table["stopped_on"]
    table["stopped_on"] = np.where(dead, died, table["stopped_on"])
    table["died"] = dead
    table["priority_code"] = choose(rng, {"1": 84, "2": 11, "3": 5}, count)
    # a suspected cancer is seen within weeks
    hurried = (table["priority_code"] == "3") & (table["kind"] == "outpatient") & ~dead
    length = (table["stopped_on"] - table["started_on"]).astype("int64")
    length = np.where(hurried, np.minimum(length, 20 + length % 60), length)
    table["stopped_on"] = table["started_on"] + length.astype("timedelta64[D]")
    is_admission, is_other = table["kind"] == "admission", table["kind"] == "other"
    part = rng.uniform(0.25, 0.6, count)
    seen = table["started_on"] + np.maximum(1, np.round(part * length)).astype("int64").astype("timedelta64[D]")
    table["first_seen_on"] = np.where(is_other, NEVER, seen)
    decided = seen + np.round(rng.uniform(0.1, 0.5, count) * length * (1 - part)).astype("int64").astype(
        "timedelta64[D]"
    )
    table["decided_on"] = np.where(is_admission, decided, NEVER)
    table["notice_days"] = rng.integers(10, 42, count)
    other_list = choose(rng, {"ONON": 60, "INON": 15, "PTLI": 25}, count)
    table["list_before"] = np.where(is_other, other_list, "ORTT").astype(object)
    table["list_after"] = np.where(is_other, other_list, np.where(is_admission, "IRTT", "ORTT")).astype(object)
    table["procedure_priority_code"] = np.where(
        is_admission | (other_list == "INON") & is_other, choose(rng, {"P2": 12, "P3": 25, "P4": 63}, count), None
    )
    first_status = choose(rng, {"10": 94, "11": 3, "12": 3}, count)
    other_status = np.select([other_list == "PTLI", other_list == "INON"], ["91", "98"], "90")
    table["status_before"] = np.where(is_other, other_status, first_status).astype(object)
    table["status_after"] = np.where(is_other, other_status, "20").astype(object)
    table["referral_source_code"] = choose(rng, SOURCES, count)
    table["pathway_no"] = words([f"{number:08d}" for number in np.arange(count) * 7_919 % 90_000_000 + 10_000_000])
    return table


# --- appointments ----------------------------------------------------------------------------------------------------


def _appointments(world: World, picker: Picker, pathways: Table, seed: int) -> Table:
    """First appointments are those of waits; the rest are follow-ups, more often of people in need."""
    rng = rng_for(seed, "outpatient appointments")
    people, period = world.people, world.period
    first, last = np.datetime64(period.start, "D"), np.datetime64(period.end, "D")
    horizon = last + 42 * DAY  # what is booked already
    seen = pathways["first_seen_on"]
    new = np.flatnonzero((seen >= first) & (seen <= horizon))
    a_month = APPOINTMENTS * residents_of(world) / FULL_SIZE
    days = np.arange(first, horizon + DAY)
    shape = np.array(rates.MONTH_SHAPE["elective"])[rates.month_of(days)]
    weekday = rates.weekday_of(days)
    shape = shape * np.array([1.36, 1.36, 1.36, 1.36, 1.26, 0.2, 0.1])[weekday]
    more = max(a_month * 12 / 365.25 - len(new) / len(days), 0.5)
    again_day = np.repeat(days, rng.poisson(more * shape))
    who = _draw(rng, world, picker, len(again_day))
    table = concat(
        [
            {
                "person": pathways["person"][new],
                "pathway": new,
                "appointment_date": seen[new],
                "treatment_function_code": pathways["treatment_function_code"][new],
                "site_code": pathways["site_code"][new],
                "priority_code": pathways["priority_code"][new],
                "referral_source_code": pathways["referral_source_code"][new],
                "is_first": np.ones(len(new), dtype=bool),
            },
            {
                "person": who,
                "pathway": np.full(len(who), -1),
                "appointment_date": again_day,
                "treatment_function_code": _specialty(rng, people, who, again_day),
                "site_code": words(rates.SITES)[picker.nearest(rng, who)],
                "priority_code": choose(rng, {"1": 92, "2": 7, "3": 1}, len(who)),
                "referral_source_code": choose(rng, SOURCES, len(who)),
                "is_first": np.zeros(len(who), dtype=bool),
            },
        ]
    )
    # nobody is seen on a Sunday who need not be
    day = table["appointment_date"]
    table["appointment_date"] = np.where(rates.weekday_of(day) == 6, day + DAY, day)
    who, day = table["person"], table["appointment_date"]
    died, left = people["died_on"][who], people["left_on"][who]
    ahead = rng.integers(5, 60, len(who)).astype("timedelta64[D]")
    keep = (day > people["birth_date"][who] + DAY) & ~(died <= day) & ~(left <= day) & (day - ahead <= last)
    table["booked_on"] = day - ahead
    table = take(table, keep)
    table = take(table, np.lexsort((table["person"], table["appointment_date"])))
    count = size(table)
    age = age_on(people["birth_date"][table["person"]], table["appointment_date"])
    decile = world.lsoa["imd_decile"][people["home"][table["person"]]]
    miss = 0.066 * np.where(age < 40, 1.35, 0.85) * (1.45 - 0.09 * (decile - 1))
    place = rng.random(count)
    code = choose(rng, {"5": 95.5, "6": 3.8, "7": 0.7}, count)
    code = np.where(place < miss, DID_NOT_COME, code)
    code = np.where((place > 0.90) & (place <= 0.955), CANCELLED_BY_PATIENT, code)
    code = np.where(place > 0.955, CANCELLED_BY_TRUST, code)
    table["attendance_code"] = code.astype(object)
    came = np.isin(code, ("5", "6"))
    remote = rng.random(count) < 0.22
    table["first_attendance_code"] = words(
        [
            ("3" if far else "1") if one else ("4" if far else "2")
            for one, far in zip(table["is_first"], remote, strict=True)
        ]
    )
    outcome = np.where(
        table["is_first"],
        choose(rng, {"1": 30, "2": 45, "3": 25}, count),
        choose(rng, {"1": 34, "2": 40, "3": 20, "5": 6}, count),
    )
    table["outcome_code"] = np.where(came, outcome, None)
    table["appointment_no"] = words([str(number) for number in np.arange(count) * 7_919 % 90_000_000 + 10_000_000])
    return table
