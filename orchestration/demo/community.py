"""Community and mental-health wards: who lies in them, from when to when, and the beds that they fill (F 2.15, 7.2).

Patients come from the planted pathways (an acute spell on pathway P2), from home, and to mental-health wards on ways
of their own. Nobody lies in two places at once: whatever happens to a person next ends the stay.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from orchestration.demo import clock, population, rates
from orchestration.demo.presence import Busy, first_clash
from orchestration.demo.rates import FULL_SIZE, Period, Picker
from orchestration.demo.table import Table, choose, concat, rng_for, size, take, words

DAY = np.timedelta64(1, "D")
NEVER = np.datetime64("NaT", "D")
SMALLEST_WARD = 2
LARGEST_WARD = 26
WARM_UP_DAYS = 75
APART = 5 * DAY  # who comes from home has not been in hospital for so long: what follows is clear
SHARE_OF_PATHWAY = 0.72  # of the beds for intermediate care and stroke, those that pathway P2 fills
ORGANISATION = {"eput": "R1L", "nelft": "RAT", "provide": "NPRV"}
PROVIDER_OF_SUB_ICB = {"99F": "eput", "99G": "eput", "99E": "nelft", "07G": "nelft", "06Q": "provide"}


@dataclass(frozen=True)
class Unit:
    """Beds of one kind at one site, for 1.2 million residents; more than one ward where they are many."""

    partner: str
    site: str
    code: str
    name: str
    bed_type: str
    beds: int


UNITS = (
    Unit("eput", "R1L02", "CIC", "Cumberlege Intermediate Care", "intermediate_care", 44),
    Unit("eput", "R1L02", "CIS", "Cumberlege Stroke Rehabilitation", "stroke_rehab", 16),
    Unit("eput", "R1L01", "BEE", "Beech Ward", "mh_older_adult", 26),
    Unit("eput", "R1L01", "CED", "Cedar Ward", "mh_adult_acute", 22),
    Unit("eput", "R1L01", "OAK", "Oak Unit", "mh_rehab", 18),
    Unit("eput", "R1L03", "FIN", "Finch Ward", "mh_adult_acute", 44),
    Unit("eput", "R1L03", "HAW", "Hawthorn Unit", "mh_intensive_care", 12),
    Unit("nelft", "RAT01", "THO", "Thorn Ward", "intermediate_care", 50),
    Unit("nelft", "RAT01", "BAY", "Bay Ward", "stroke_rehab", 18),
    Unit("nelft", "RAT02", "ALD", "Alder Ward", "intermediate_care", 24),
    Unit("nelft", "RAT02", "MEA", "Meadow Ward", "mh_older_adult", 24),
    Unit("provide", "NPR01", "SPW", "St Peter's Ward", "intermediate_care", 26),
    Unit("provide", "NPR01", "SPS", "St Peter's Stroke Unit", "stroke_rehab", 12),
    Unit("provide", "NPR02", "COU", "Court Ward", "intermediate_care", 22),
    Unit("provide", "NPR02", "COS", "Court Step-up Unit", "step_up", 8),
    Unit("provide", "NPR03", "HAL", "Halstead Ward", "intermediate_care", 16),
    Unit("provide", "NPR03", "HAH", "Halstead Hospice", "hospice", 4),
)
# nights (median), spread, ages, share of beds in use
STAY_OF = {
    "intermediate_care": (15, 0.55, 65, 105, 0.92),
    "stroke_rehab": (22, 0.5, 50, 105, 0.91),
    "step_up": (9, 0.5, 65, 105, 0.93),
    "hospice": (13, 0.6, 40, 105, 0.85),
    "mh_adult_acute": (32, 0.6, 18, 68, 0.95),
    "mh_older_adult": (58, 0.5, 65, 100, 0.91),
    "mh_intensive_care": (24, 0.5, 18, 60, 0.88),
    "mh_rehab": (140, 0.4, 18, 65, 0.92),
}
FROM_HOSPITAL = ("intermediate_care", "stroke_rehab")
REASONS = {
    "P0": {"HP": 34, "TH": 24, "IF": 20, "PF": 16, "WB": 4, "HO": 2},
    "P1": {"CAP-P1": 74, "IF": 12, "TH": 8, "PF": 6},
    "P3": {"CAP-P3": 48, "PF": 24, "IF": 20, "TH": 8},
    "MH": {"HO": 26, "IF": 24, "CAP-P3": 18, "CAP-P1": 12, "PF": 10, "WB": 10},
}
# share of stays that end with a package of care at home, and with a place in a care home
SUPPORT = {"after hospital": (0.34, 0.11), "from home": (0.18, 0.07), "mental": (0.10, 0.10)}
CLOSED_REASON = ("Staffing", "Infection control", "D&V", "Maintenance", "staffing - 1 RN short", "Flu", "deep clean")
STAY_PREFIX = {"eput": "EP", "nelft": "N", "provide": "PV"}
PERSON_PREFIX = {"eput": "M{}", "nelft": "{}", "provide": "PR{}"}


def make_wards(residents: int) -> Table:
    """The wards, with their beds when all are open."""
    rows = []
    for unit in UNITS:
        beds = max(SMALLEST_WARD, round(unit.beds * residents / FULL_SIZE))
        count = -(-beds // LARGEST_WARD)
        for number in range(count):
            mark = str(number + 1) if count > 1 else ""
            share = beds // count + (number < beds % count)
            name = unit.name + (f" {mark}" if mark else "")
            rows.append((unit.partner, unit.site, unit.code + mark, name, unit.bed_type, share))
    table = {
        name: words([row[place] for row in rows])
        for place, name in enumerate(("partner", "site_code", "ward_code", "ward_name", "bed_type_code"))
    }
    table["organisation_code"] = words([ORGANISATION[partner] for partner in table["partner"]])
    table["beds"] = np.array([row[5] for row in rows])
    return table


def council_of(people: Table, lsoa: Table, who: np.ndarray, day: np.ndarray) -> np.ndarray:
    """The council of the home on a day; OTHER for those who live elsewhere."""
    moved = people["moved_on"][who] <= day
    district = lsoa["district_name"][np.where(moved, people["home_2"][who], people["home"][who])]
    code = np.select([district == "Southend-on-Sea", district == "Thurrock"], ["E06000033", "E06000034"], "E10000012")
    return np.where(people["is_resident"][who], code, "OTHER").astype(object)


def partner_numbers(seed: int, partner: str, shape: str, who: np.ndarray) -> np.ndarray:
    """A person's number in a partner's system: seven digits that do not follow the order of people."""
    start = int(rng_for(seed, f"numbers of {partner}").integers(0, 9_000_000))
    return words([shape.format((start + int(row) * 5_640_127) % 9_000_000 + 1_000_000) for row in who])


def _plan(rng: np.random.Generator, count: int, kind: str, is_mental: np.ndarray | None = None) -> Table:
    """How a stay is meant to end: pathway, days of delay after the patient is ready, and why."""
    place = rng.random(count)
    is_mental = np.zeros(count, dtype=bool) if is_mental is None else is_mental
    help_at_home, care_home = SUPPORT[kind]
    help_at_home, care_home = (
        np.where(is_mental, mine, other)
        for mine, other in zip(SUPPORT["mental"], (help_at_home, care_home), strict=True)
    )
    pathway = np.where(place < help_at_home, "P1", np.where(place < help_at_home + care_home, "P3", "P0"))
    pathway = pathway.astype(object)
    wait = np.select(
        [pathway == "P1", pathway == "P3"],
        [rng.poisson(4.5, count), rng.poisson(10, count)],
        np.where(rng.random(count) < 0.12, 1 + rng.poisson(3, count), 0),
    )
    wait = np.where(is_mental & (wait > 0), wait + rng.poisson(9, count), wait)
    reason = np.full(count, None, dtype=object)
    group = np.where(is_mental, "MH", pathway)
    for name, options in REASONS.items():
        here = np.flatnonzero((group == name) & (wait > 0))
        reason[here] = choose(rng, options, len(here))
    return {"wait": wait.astype("int64"), "pathway_code": pathway, "delay_reason_code": reason}


def _nights(rng: np.random.Generator, bed_type: np.ndarray) -> np.ndarray:
    nights = np.ones(len(bed_type))
    for name, (median, spread, *_) in STAY_OF.items():
        here = np.flatnonzero(bed_type == name)
        nights[here] = median * np.exp(rng.normal(0, spread, len(here)))
    return np.clip(np.round(nights), 1, 400).astype("int64")


def goes_to_bed(spells: Table, is_first_part: np.ndarray, period: Period) -> np.ndarray:
    """Spells that end with a move into a community bed."""
    to_bed = (spells["pathway_code"] == "P2") & (spells["discharge_method_code"] != "4") & ~is_first_part
    to_bed &= spells["discharge_destination_code"] == "51"
    return to_bed & (spells["discharged_at"] < period.ends)


def _after_hospital(
    rng: np.random.Generator, period: Period, people: Table, lsoa: Table, spells: Table, rows: np.ndarray, beds: int
) -> Table:
    """Stays that follow an acute spell, without a ward yet."""
    rows = rows[people["is_resident"][spells["person"][rows]] | (rng.random(len(rows)) < 0.2)]
    rows = rows[np.argsort(spells["discharged_at"][rows], kind="stable")]
    who, count = spells["person"][rows], len(rows)
    sub_icb = lsoa["sub_icb_code"][people["home"][who]]
    admitted = clock.local_date(spells["discharged_at"][rows])
    plan = _plan(rng, count, "after hospital")
    nights = np.exp(rng.normal(0, 0.55, count))
    room = SHARE_OF_PATHWAY * beds * len(period.days) / max(count, 1)
    mean = float(np.clip(room - plan["wait"].mean() if count else 0, 7, 21))
    nights = np.clip(np.round(nights * mean / np.exp(0.55**2 / 2)), 1, 150).astype("int64")
    return plan | {
        "person": who,
        "partner": words([PROVIDER_OF_SUB_ICB[code] for code in sub_icb]),
        "admitted_on": admitted,
        "nights": nights + plan["wait"],
        "spell": rows,
        "admission_source_code": np.full(count, "51", dtype=object),
        "referring_site_code": spells["site_code"][rows],
        "after": spells["discharged_at"][rows],
    }


def _cut(stays: Table, people: Table, busy: Busy) -> None:
    """The stay as it went: death, or whatever happened next, ends it before its time."""
    planned = stays["admitted_on"] + stays["nights"].astype("timedelta64[D]")
    left = planned.copy()
    going = np.where(stays["pathway_code"] == "P3", "54", "19").astype(object)
    moment, is_hospital = busy.next(stays["person"], stays["after"])
    day = np.where(np.isnat(moment), np.datetime64("2200-01-01"), clock.local_date(moment))
    early = day <= planned
    left = np.where(early, np.maximum(day, stays["admitted_on"]), left)
    going = np.where(early, np.where(is_hospital, "51", "19"), going)
    died = people["died_on"][stays["person"]]
    dead = ~np.isnat(died) & (died <= left)
    left = np.where(dead, np.maximum(died, stays["admitted_on"]), left)
    going = np.where(dead, "79", going)
    ready = planned - stays["wait"].astype("timedelta64[D]")
    never_ready = (early | dead) & (ready > left)
    stays["ready_on"] = np.where(never_ready, NEVER, ready)
    stays["pathway_code"] = np.where(never_ready, None, stays["pathway_code"])
    waited = (~never_ready) & (left > ready)
    stays["delay_reason_code"] = np.where(waited, stays["delay_reason_code"], None)
    stays["discharged_on"] = left
    stays["discharge_destination_code"] = going.astype(object)
    stays["as_planned"] = ~(early | dead)


def _fill(
    rng: np.random.Generator, period: Period, wards: Table, after: Table, residents: int
) -> tuple[np.ndarray, Table]:
    """Give each stay that follows a spell its ward, and fill what stays empty with patients from elsewhere.

    Returns the ward of each of `after`, and the further stays: ward, first day and nights.
    """
    first = np.datetime64(period.start, "D") - np.timedelta64(WARM_UP_DAYS, "D")
    days = (np.datetime64(period.end, "D") - first).astype("int64") + 1
    horizon = int(days) + 1
    count = size(wards)
    leaving = np.zeros((count, horizon + 1), dtype="int64")  # patients who leave on the day
    inside = np.zeros(count, dtype="int64")
    beds = wards["beds"]
    wanted = np.array([STAY_OF[kind][4] for kind in wards["bed_type_code"]]) * beds
    takes = np.isin(wards["bed_type_code"], FROM_HOSPITAL)
    of_partner = {name: np.flatnonzero(takes & (wards["partner"] == name)) for name in ORGANISATION}
    anywhere = np.flatnonzero(takes)
    came = (after["admitted_on"] - first).astype("int64")
    went = np.minimum((after["discharged_on"] - first).astype("int64"), horizon)
    ward_of = np.full(size(after), -1)
    edges = np.searchsorted(came, np.arange(days + 1))
    medians = [STAY_OF[kind][:2] for kind in wards["bed_type_code"]]
    # a handful of residents cannot fill the smallest wards
    most = max(1, round(0.01 * residents))
    noise = rng.random((int(days), count))
    fills: list[tuple[int, int, int]] = []
    for day in range(int(days)):
        inside -= leaving[:, day]
        for row in range(int(edges[day]), int(edges[day + 1])):
            near = of_partner[after["partner"][row]]
            free = (beds - inside)[near]
            ward = near[int(np.argmax(free / beds[near]))]
            if free.max() <= 0:
                far = int(anywhere[int(np.argmax((beds - inside)[anywhere]))])
                ward = far if beds[far] > inside[far] else ward
            ward_of[row] = ward
            if went[row] > day:
                inside[ward] += 1
                leaving[ward, went[row]] += 1
        missing = wanted - inside
        for ward in np.flatnonzero(missing > 0):
            # a bed is filled the sooner the emptier the ward is
            number = int(missing[ward] * 0.5 + noise[day, ward])
            for _ in range(min(number, int(beds[ward] - inside[ward]))):
                if inside.sum() >= most:
                    break
                median, spread = medians[ward]
                nights = int(np.clip(round(median * np.exp(rng.normal(0, spread))), 1, 400))
                if day < WARM_UP_DAYS:  # somewhere in the middle of the stay
                    nights = max(1, int(nights * 1.3))
                fills.append((int(ward), day, nights))
                inside[ward] += 1
                leaving[ward, min(day + nights, horizon)] += 1
    columns = np.array(fills, dtype="int64").reshape(-1, 3)
    return ward_of, {
        "ward": columns[:, 0],
        "admitted_on": first + columns[:, 1].astype("timedelta64[D]"),
        "nights": columns[:, 2],
    }


def _others(
    rng: np.random.Generator, period: Period, people: Table, wards: Table, fill: Table, busy: Busy, picker: Picker
) -> Table:
    """Patients of the stays that follow no spell: people who are free, of the ward's ages. Nobody free, no stay."""
    count = size(fill)
    bed_type = wards["bed_type_code"][fill["ward"]]
    mental = words([kind.startswith("mh_") for kind in bed_type]).astype(bool)
    plan = _plan(rng, count, "from home", mental)
    stays = plan | {
        "person": np.full(count, -1),
        "partner": wards["partner"][fill["ward"]],
        "admitted_on": fill["admitted_on"],
        "nights": np.maximum(fill["nights"], plan["wait"] + 1),
        "spell": np.full(count, -1),
        "admission_source_code": choose(rng, {"19": 86, "54": 14}, count),
        "referring_site_code": np.full(count, None, dtype=object),
        "after": clock.midnight(fill["admitted_on"]),
        "ward": fill["ward"],
    }
    stays["admission_source_code"] = np.where(mental, "19", stays["admission_source_code"]).astype(object)
    before = np.isin(bed_type, FROM_HOSPITAL) & (fill["admitted_on"] < np.datetime64(period.start, "D"))
    came = before & (rng.random(count) < 0.6)  # from a spell before the demo begins
    stays["admission_source_code"][came] = "51"
    sites = words(rates.SITES)[rng.integers(0, len(rates.SITES), count)]
    stays["referring_site_code"] = np.where(came, sites, None)
    until = stays["admitted_on"] + stays["nights"].astype("timedelta64[D]")
    last_days = rng.random(count) < np.where(bed_type == "hospice", 0.85, np.where(mental, 0.0, 0.05))
    dying = np.flatnonzero(~np.isnat(people["died_on"]) & people["is_resident"])
    dying = dying[np.argsort(people["died_on"][dying], kind="stable")]
    weight = picker.weights["gp"]
    everyone = len(people["birth_date"])
    low, high = (np.array([STAY_OF[kind][place] for kind in bed_type], dtype="int64") for place in (2, 3))
    open_rows = np.arange(count)
    for attempt in range(14):
        if not len(open_rows):
            break
        draw = rng.random(len(open_rows))
        who = np.where(
            mental[open_rows],
            np.minimum((draw * everyone).astype("int64"), everyone - 1),
            np.searchsorted(weight, draw * weight[-1], side="right"),
        )
        if attempt < 7 and len(dying):  # people at the end of their life, if there are any then
            at_end = np.flatnonzero(last_days[open_rows])
            rows = open_rows[at_end]
            low_edge, high_edge = (
                np.searchsorted(people["died_on"][dying], stays["admitted_on"][rows] + days * DAY) for days in (2, 46)
            )
            at_end, rows = at_end[high_edge > low_edge], rows[high_edge > low_edge]
            low_edge, high_edge = low_edge[high_edge > low_edge], high_edge[high_edge > low_edge]
            chosen = dying[low_edge + (draw[at_end] * (high_edge - low_edge)).astype("int64")]
            who[at_end], until[rows] = chosen, people["died_on"][chosen]
        start, end = stays["admitted_on"][open_rows], until[open_rows]
        age = population.age_on(people["birth_date"][who], start)
        fits = (age >= low[open_rows]) & (age <= high[open_rows]) & people["is_resident"][who]
        fits &= ~(people["died_on"][who] <= start) & ~(people["left_on"][who] <= end)
        fits &= ~(people["died_on"][who] <= end) | ~mental[open_rows]
        # what happens in the course of a stay in a community bed ends it
        last = np.where(mental[open_rows], end, start) + DAY
        fits &= ~busy.meets(who, clock.midnight(start - APART), clock.midnight(last + DAY))
        stays["person"][open_rows] = np.where(fits, who, -1)
        taken = np.flatnonzero(stays["person"] >= 0)
        clash = first_clash(stays["person"][taken], stays["admitted_on"][taken], until[taken] + DAY)
        stays["person"][taken[clash]] = -1
        open_rows = np.flatnonzero(stays["person"] < 0)
    stays["nights"] = (until - stays["admitted_on"]).astype("int64")
    stays["wait"] = np.minimum(stays["wait"], np.maximum(stays["nights"] - 1, 0))
    return take(stays, stays["person"] >= 0)


def make_stays(
    period: Period,
    residents: int,
    people: Table,
    lsoa: Table,
    spells: Table,
    is_first_part: np.ndarray,
    busy: Busy,
    picker: Picker,
    wards: Table,
    seed: int,
) -> Table:
    """Stays in community and mental-health beds, in order of admission; `spell` is the acute spell before it, or -1."""
    rng = rng_for(seed, "community stays")
    beds = int(wards["beds"][np.isin(wards["bed_type_code"], FROM_HOSPITAL)].sum())
    rows = np.flatnonzero(goes_to_bed(spells, is_first_part, period))
    after = _after_hospital(rng, period, people, lsoa, spells, rows, beds)
    _cut(after, people, busy)
    after["ward"], fill = _fill(rng, period, wards, after, residents)
    after["partner"] = wards["partner"][after["ward"]]
    with_stays = busy.plus(
        after["person"], clock.midnight(after["admitted_on"]), clock.midnight(after["discharged_on"] + DAY)
    )
    others = _others(rng, period, people, wards, fill, with_stays, picker)
    _cut(others, people, with_stays)
    stays = concat([after, {name: others[name] for name in after}])
    stays = take(stays, np.lexsort((stays["ward"], stays["person"], stays["admitted_on"])))
    count = size(stays)
    for name in ("ward_code", "ward_name", "bed_type_code", "site_code", "organisation_code"):
        stays[name] = wards[name][stays["ward"]]
    stays["local_authority_code"] = council_of(people, lsoa, stays["person"], stays["admitted_on"])
    stays["stay_id"] = np.empty(count, dtype=object)
    stays["local_patient_id"] = np.empty(count, dtype=object)
    stays["feed"] = words([f"{partner}_inpatient_stays" for partner in stays["partner"]])
    for partner, prefix in STAY_PREFIX.items():
        here = np.flatnonzero(stays["partner"] == partner)
        stays["stay_id"][here] = words([f"{prefix}{number:07d}" for number in range(4_000_001, 4_000_001 + len(here))])
        stays["local_patient_id"][here] = partner_numbers(seed, partner, PERSON_PREFIX[partner], stays["person"][here])
    return stays


def make_ward_days(period: Period, wards: Table, stays: Table, seed: int) -> Table:
    """The 08:00 snapshot of every ward and day, counted from the stays."""
    rng = rng_for(seed, "ward days")
    days = period.days
    moments = days.astype("int64")
    tables = []
    for ward in range(size(wards)):
        here = stays["ward"] == ward
        start, end = (np.sort(stays[name][here].astype("int64")) for name in ("admitted_on", "discharged_on"))
        # patients come after 08:00 and leave after 08:00
        occupied = np.searchsorted(start, moments, side="left") - np.searchsorted(end, moments, side="left")
        beds = int(wards["beds"][ward])
        shut = np.zeros(len(days), dtype="int64")
        reason = np.full(len(days), None, dtype=object)
        for day in np.flatnonzero(rng.random(len(days)) < 0.012):
            span = slice(day, day + int(rng.integers(2, 12)))
            shut[span] = rng.integers(1, max(2, beds // 5 + 1))
            reason[span] = CLOSED_REASON[int(rng.integers(0, len(CLOSED_REASON)))]
        opened = np.maximum(beds - shut, occupied)
        closed = np.maximum(beds - opened, 0)
        tables.append(
            {
                "organisation_code": words([wards["organisation_code"][ward]] * len(days)),
                "feed": words([f"{wards['partner'][ward]}_ward_beds"] * len(days)),
                "site_code": words([wards["site_code"][ward]] * len(days)),
                "ward_code": words([wards["ward_code"][ward]] * len(days)),
                "ward_name": words([wards["ward_name"][ward]] * len(days)),
                "bed_type_code": words([wards["bed_type_code"][ward]] * len(days)),
                "snapshot_date": days,
                "beds_open": opened,
                "beds_occupied": occupied,
                "beds_closed": closed,
                "closed_reason": np.where(closed > 0, reason, None),
            }
        )
    table = concat(tables)
    return take(table, np.lexsort((table["ward_code"].astype(str), table["snapshot_date"])))
