"""Social care: care homes and their vacancies (F 2.14), and people who wait for a package of care at home (F 2.13).

A package that a hospital asked for starts when its patient leaves, or the day after; a person waits for one at a time.
"""

from __future__ import annotations

import numpy as np

from orchestration.demo import clock, population, rates
from orchestration.demo.community import APART, NEVER, council_of, partner_numbers
from orchestration.demo.presence import Busy, first_clash
from orchestration.demo.rates import FULL_SIZE, Period, Picker
from orchestration.demo.table import Table, choose, concat, listed, rng_for, seconds, size, take, words

DAY = np.timedelta64(1, "D")
COUNCIL = {"essex": "E10000012", "southend": "E06000033", "thurrock": "E06000034"}
PACKAGE_FEED = {
    "essex": "essex_packages_awaited",
    "southend": "southend_brokerage_journal",
    "thurrock": "thurrock_packages_awaited",
}
REQUEST = {"essex": "BR-{}", "southend": "SCC/{}", "thurrock": "TB{}"}
PERSON = {"essex": "{}", "southend": "LL{}", "thurrock": "T{}"}

# --- care homes ------------------------------------------------------------------------------------------------------

HOMES = {"essex": 265, "southend": 95, "thurrock": 40}  # of 1.2 million residents
FEWEST_HOMES = 3
KINDS = (
    "general_residential",
    "general_nursing",
    "dementia_residential",
    "dementia_nursing",
    "learning_disability",
    "mental_health",
    "young_physical",
)
HOME_NAMES = listed(
    "Ashdown Birchwood Cedars Elmhurst Fairview Glenmore Hawthorns Ivydene Kingsley Larches Maples Northfield Oakdene "
    "Priory Queensway Rosemead Seaview Thornbury Uplands Willows"
)
HOME_SORTS = ("House", "Lodge", "Court", "Grange", "Manor", "Care Home")
CLOSED_HOME = ("Outbreak", "D&V", "CQC restriction", "Refurbishment", "Staffing", "provider choice", "norovirus")
WARM_UP_WEEKS = 8


def census_days(period: Period) -> np.ndarray:
    """The Sundays from the first of the period; each is reported on the Monday after."""
    days = period.days
    return days[rates.weekday_of(days) == 6]


def make_homes(residents: int, period: Period, seed: int) -> Table:
    """The homes with their registered beds; a home with a new owner has a second row, from the day on."""
    rng = rng_for(seed, "care homes")
    rows: list[np.ndarray] = []
    for council, number in HOMES.items():
        rows.append(words([council] * max(FEWEST_HOMES, round(number * residents / FULL_SIZE))))
    council = np.concatenate(rows)
    count = len(council)
    sort = choose(rng, {"old": 58, "nursing": 20, "learning": 15, "mental": 4, "young": 3}, count)
    # the first home of each council is for older people with nursing, however few there are
    _, first = np.unique(council.astype(str), return_index=True)
    sort[first], sort[first + 1] = "nursing", "old"
    large = np.clip(np.round(np.exp(rng.normal(np.log(27), 0.38, count))), 8, 90).astype("int64")
    small = rng.integers(4, 11, count)
    beds = {kind: np.zeros(count, dtype="int64") for kind in KINDS}
    split = rng.uniform(0.3, 0.75, count)
    with_dementia = rng.random(count) < 0.7
    with_dementia[first] = with_dementia[first + 1] = True
    for name, kinds in (
        ("old", ("general_residential", "dementia_residential")),
        ("nursing", ("general_nursing", "dementia_nursing")),
    ):
        here = sort == name
        dementia = np.where(here & with_dementia, np.round(large * (1 - split)), 0).astype("int64")
        beds[kinds[1]] += dementia
        beds[kinds[0]] += np.where(here, large - dementia, 0)
    for name, kind in (("learning", "learning_disability"), ("mental", "mental_health"), ("young", "young_physical")):
        beds[kind] += np.where(sort == name, small, 0)
    name = rng.integers(0, len(HOME_NAMES), count)
    table = {
        "home_no": np.arange(count),
        "cqc_location_id": _locations(rng, count),
        "council": council,
        "organisation_code": words([COUNCIL[one] for one in council]),
        "home_name": words(
            [f"{HOME_NAMES[n]} {HOME_SORTS[k]}" for n, k in zip(name, rng.integers(0, 6, count), strict=True)]
        ),
        "service_type_code": np.where(sort == "nursing", "nursing", "residential").astype(object),
        "valid_from": np.full(count, NEVER),
        "valid_to": np.full(count, NEVER),
    }
    table |= {f"beds_{kind}": values for kind, values in beds.items()}
    span = len(period.days)
    sold = np.flatnonzero(rng.random(count) < 0.10 * span / 365.25)
    again = take(table, sold)
    again["cqc_location_id"] = _locations(rng, len(sold), 2)
    day = np.datetime64(period.start, "D") + rng.integers(1, max(span, 2), len(sold)).astype("timedelta64[D]")
    table["valid_to"][sold] = day - DAY
    again["valid_from"] = day
    return concat([table, again])


def _locations(rng: np.random.Generator, count: int, leading: int = 1) -> np.ndarray:
    start = int(rng.integers(0, 9_000_000))
    return words([f"{leading}-{(start + row * 5_640_127) % 9_000_000 + 101_000_000}" for row in range(count)])


def make_home_weeks(period: Period, homes: Table, seed: int) -> Table:
    """What the tracker shows of each home on each Sunday: the figures of its last update."""
    rng = rng_for(seed, "care home weeks")
    original = np.isnat(homes["valid_from"])
    count = int(original.sum())
    sundays = census_days(period)
    weeks = WARM_UP_WEEKS + len(sundays)
    beds = np.stack([homes[f"beds_{kind}"][original] for kind in KINDS], axis=1)
    leave = rng.gamma(8, 0.016 / 8, (count, 1))
    come = leave * (1 / 0.10 - 1)
    vacant = np.empty((weeks, count, len(KINDS)), dtype="int64")
    shut = np.zeros((weeks, count), dtype=bool)
    now = rng.binomial(beds, 0.10)
    closed = rng.random(count) < 0.05
    for week in range(weeks):
        # nobody comes to a home that is closed
        # and the more beds are vacant in all, the sooner one is found
        pull = np.clip(now.sum() / max(beds.sum(), 1) / 0.10, 0.5, 2) ** 2
        filled = rng.binomial(now, np.where(closed[:, None], 0, np.minimum(come * 1.05 * pull, 1)))
        now = now - filled + rng.binomial(beds - now, leave)
        closed = np.where(closed, rng.random(count) > 0.25, rng.random(count) < 0.012)
        vacant[week], shut[week] = now, closed
    # a home updates every day, every week, or in the window of the month
    habit = choose(rng, {"1": 22, "7": 60, "30": 18}, count).astype("int64")
    lag = np.empty((weeks, count), dtype="int64")
    since = np.zeros(count, dtype="int64")
    for week in range(weeks):
        due = (habit < 30) | (since >= 4)
        forgot = rng.random(count) < 0.06
        fresh = rng.integers(0, np.minimum(habit, 7), count)
        since = np.where(due & ~forgot, 0, since + 1)
        lag[week] = np.where(since == 0, fresh, (lag[week - 1] if week else fresh) + 7 * (since > 0))
    place = np.arange(WARM_UP_WEEKS, weeks)
    seen = np.maximum(place[:, None] - (lag[place] // 7), 0)
    which = np.arange(count)[None, :]
    told, told_shut = vacant[seen, which], shut[seen, which]
    reason = words(list(CLOSED_HOME))[rng.integers(0, len(CLOSED_HOME), told_shut.shape)]
    minute = rng.integers(8 * 60, 18 * 60, told_shut.shape)
    updated = (sundays[:, None] - lag[place].astype("timedelta64[D]")).astype("datetime64[s]") + seconds(minute * 60)
    table: Table = {
        "census_date": np.repeat(sundays, count),
        "home_no": np.tile(np.arange(count), len(sundays)),
        "admission_status_code": np.where(told_shut, "closed", "open").ravel().astype(object),
        "closed_reason": np.where(told_shut, reason, None).ravel(),
        "last_updated_at_local": updated.ravel(),
    }
    for number, kind in enumerate(KINDS):
        table[f"beds_{kind}"] = np.tile(beds[:, number], len(sundays))
        table[f"vacant_{kind}"] = told[:, :, number].ravel()
    # the row of the owner on the day
    second = np.full(count, -1)
    second[homes["home_no"][~original]] = np.flatnonzero(~original)
    row = table["home_no"].copy()
    later = second[row]
    row = np.where((later >= 0) & (homes["valid_from"][later] <= table["census_date"]), later, row)
    for name in ("cqc_location_id", "council", "organisation_code", "home_name", "service_type_code"):
        table[name] = homes[name][row]
    return table


# --- packages of care ------------------------------------------------------------------------------------------------

OWN_HOME = 640  # requests a month for 1.2 million residents
INTERIM = 110
PACKAGES = {"home_care": 60, "reablement": 28, "live_in": 5, "night_care": 7}
PACKAGE_WARM_UP = 60


def _time(rng: np.random.Generator, days: np.ndarray, first: float, last: float) -> np.ndarray:
    """Moments (UTC, whole minutes) in office hours of days."""
    wall = days.astype("datetime64[s]") + seconds(np.round(rng.uniform(first, last, len(days)) * 60) * 60)
    return clock.to_utc(wall)


def _from_beds(
    rng: np.random.Generator,
    people: Table,
    who: np.ndarray,
    came: np.ndarray,
    ready: np.ndarray,
    left: np.ndarray,
    status: np.ndarray,
    place: np.ndarray,
    busy: Busy,
) -> Table:
    """Requests for people in a bed: asked for about when they are ready, started when they leave or on the next day."""
    count = len(who)
    shift = choose(rng, {"0": 60, "-1": 25, "1": 15}, count).astype("int64").astype("timedelta64[D]")
    day = np.clip(ready + shift, clock.local_date(came), clock.local_date(left))
    asked = _time(rng, day, 8.5, 16.5)
    gap = ((left - came) // 3).astype("timedelta64[s]")
    asked = np.clip(asked, came + np.minimum(gap, np.timedelta64(1800, "s")), left - gap)
    asked = asked.astype("datetime64[m]").astype("datetime64[s]")
    out = clock.local_date(left)
    following, _ = busy.next(who, left)
    free = np.isnat(following) | (clock.local_date(following) > out + DAY)
    died = people["died_on"][who]
    alive = np.isnat(died) | (died > out + DAY)
    next_day = (status == "started") & (rng.random(count) < 0.35) & free & alive
    last_minute = clock.midnight(out + DAY) - np.timedelta64(60, "s")
    same_day = np.minimum(left + seconds(rng.integers(30, 240, count) * 60), last_minute)
    closed = np.where(next_day, _time(rng, out + DAY, 8, 20), np.where(status == "started", same_day, left))
    closed = np.maximum(closed, asked + np.timedelta64(60, "s"))
    return {
        "person": who,
        "requested_at": asked,
        "closed_at": closed,
        "status": status,
        "location": place,
        # who waits on for a day does so at home
        "home_at": np.where(next_day, left, np.datetime64("NaT")),
    }


def _from_spells(
    rng: np.random.Generator, people: Table, spells: Table, is_first_part: np.ndarray, busy: Busy
) -> Table:
    wants = (spells["pathway_code"] == "P1") & ~is_first_part & (spells["nights"] >= 1)
    rows = np.flatnonzero(wants & people["is_resident"][spells["person"]])
    left = spells["discharged_at"][rows]
    ready = clock.local_date(left) - spells["wait"][rows].astype("int64").astype("timedelta64[D]")
    died = spells["discharge_method_code"][rows] == "4"
    status = np.where(died | (rng.random(len(rows)) < 0.04), "cancelled", "started").astype(object)
    place = np.full(len(rows), "acute_bed", dtype=object)
    who = spells["person"][rows]
    made = _from_beds(rng, people, who, spells["admitted_at"][rows], ready, left, status, place, busy)
    return made | {"spell": rows, "stay": np.full(len(rows), -1)}


def _from_stays(rng: np.random.Generator, period: Period, people: Table, stays: Table, busy: Busy) -> Table:
    wants = (stays["pathway_code"] == "P1") & ~np.isnat(stays["ready_on"])
    wants &= stays["local_authority_code"] != "OTHER"
    wants &= stays["discharged_on"] > stays["admitted_on"]
    rows = np.flatnonzero(wants)
    came = clock.midnight(stays["admitted_on"][rows]) + np.timedelta64(14 * 3600, "s")
    left = np.maximum(_time(rng, stays["discharged_on"][rows], 9.5, 16), came + np.timedelta64(3600, "s"))
    going = stays["discharge_destination_code"][rows]
    stopped = (going != "19") | (rng.random(len(rows)) < 0.03)
    status = np.where(stopped, "cancelled", "started").astype(object)
    mental = np.array([kind.startswith("mh_") for kind in stays["bed_type_code"][rows]], dtype=bool)
    place = np.where(mental, "mental_health_bed", "community_bed").astype(object)
    made = _from_beds(rng, people, stays["person"][rows], came, stays["ready_on"][rows], left, status, place, busy)
    return made | {"spell": np.full(len(rows), -1), "stay": rows}


def _from_elsewhere(
    rng: np.random.Generator, period: Period, residents: int, people: Table, picker: Picker, busy: Busy
) -> Table:
    """Requests that no hospital made: for people at home, and for those in a care home for the time being."""
    first = np.datetime64(period.start, "D") - np.timedelta64(PACKAGE_WARM_UP, "D")
    days = np.arange(first, np.datetime64(period.end, "D") + DAY)
    working = np.where(rates.weekday_of(days) < 5, 1.34, 0.15)
    parts = []
    for place, a_month, mean in (("own_home", OWN_HOME, 13.0), ("care_home_interim", INTERIM, 19.0)):
        number = rng.poisson(a_month * 12 / 365.25 * residents / FULL_SIZE * working)
        day = np.repeat(days, number)
        count = len(day)
        nights = np.round(rng.gamma(1.4, mean / 1.4, count)).astype("int64")
        parts.append(
            {
                "day": day,
                "until": day + nights.astype("timedelta64[D]"),
                "status": choose(rng, {"started": 86, "cancelled": 14}, count),
                "location": np.full(count, place, dtype=object),
            }
        )
    want = concat(parts)
    count = size(want)
    who = np.full(count, -1)
    open_rows = np.arange(count)
    weight = picker.weights["gp"]
    for _ in range(10):
        if not len(open_rows):
            break
        draw = np.searchsorted(weight, rng.random(len(open_rows)) * weight[-1], side="right")
        start, end = want["day"][open_rows], want["until"][open_rows]
        fits = people["is_resident"][draw] & (population.age_on(people["birth_date"][draw], start) >= 55)
        fits &= ~(people["died_on"][draw] <= end + DAY) & ~(people["left_on"][draw] <= end)
        fits &= ~busy.meets(draw, clock.midnight(start - APART), clock.midnight(end + 2 * DAY))
        who[open_rows] = np.where(fits, draw, -1)
        taken = np.flatnonzero(who >= 0)
        who[taken[first_clash(who[taken], want["day"][taken], want["until"][taken] + 2 * DAY)]] = -1
        open_rows = np.flatnonzero(who < 0)
    asked = _time(rng, want["day"], 8.5, 17)
    made = {
        "person": who,
        "requested_at": asked,
        "closed_at": np.maximum(_time(rng, want["until"], 8.5, 18), asked + np.timedelta64(600, "s")),
        "status": want["status"],
        "location": want["location"],
        "home_at": np.full(count, np.datetime64("NaT"), dtype="datetime64[s]"),
        "spell": np.full(count, -1),
        "stay": np.full(count, -1),
    }
    return take(made, who >= 0)


def make_packages(
    period: Period,
    residents: int,
    people: Table,
    lsoa: Table,
    spells: Table,
    is_first_part: np.ndarray,
    stays: Table,
    busy: Busy,
    picker: Picker,
    seed: int,
) -> Table:
    """Requests in order of their making; `spell` and `stay` are the rows of what they follow, or -1."""
    rng = rng_for(seed, "packages of care")
    hospital = concat(
        [
            _from_spells(rng, people, spells, is_first_part, busy),
            _from_stays(rng, period, people, stays, busy),
        ]
    )
    taken = busy.plus(hospital["person"], hospital["requested_at"], hospital["closed_at"])
    table = concat([hospital, _from_elsewhere(rng, period, residents, people, picker, taken)])
    table["requested_on"], table["closed_on"] = (clock.local_date(table[f"{n}_at"]) for n in ("requested", "closed"))
    table["organisation_code"] = council_of(people, lsoa, table["person"], table["requested_on"])
    table = take(table, table["organisation_code"] != "OTHER")
    table = take(table, (table["requested_at"] < period.ends) & (table["closed_at"] > period.begins))
    table = take(table, np.lexsort((table["person"], table["requested_at"])))
    count = size(table)
    table["package_type_code"] = choose(rng, PACKAGES, count)
    hours = np.select(
        [table["package_type_code"] == kind for kind in ("live_in", "night_care", "reablement")],
        [np.full(count, 168.0), rng.integers(2, 8, count) * 8.0, rng.integers(2, 7, count) * 3.5],
        rng.integers(1, 9, count) * 3.5,
    )
    table["hours_per_week"] = hours
    table["council"], table["request_id"], table["local_patient_id"], table["feed"] = (
        np.empty(count, dtype=object) for _ in range(4)
    )
    for council, code in COUNCIL.items():
        here = np.flatnonzero(table["organisation_code"] == code)
        table["council"][here] = council
        table["feed"][here] = PACKAGE_FEED[council]
        table["request_id"][here] = words([REQUEST[council].format(n) for n in range(100_001, 100_001 + len(here))])
        table["local_patient_id"][here] = partner_numbers(seed, council, PERSON[council], table["person"][here])
    return table


def places_of(packages: Table) -> Table:
    """Where each person waits, from when on."""
    moved = np.flatnonzero(~np.isnat(packages["home_at"]))
    row = np.concatenate([np.arange(size(packages)), moved])
    table = {
        "package": row,
        "request_id": packages["request_id"][row],
        "from_at": clock.to_local(np.concatenate([packages["requested_at"], packages["home_at"][moved]])),
        "location_code": np.concatenate([packages["location"], np.full(len(moved), "own_home", dtype=object)]),
    }
    return take(table, np.lexsort((table["from_at"], row)))
