"""What community and mental-health services do: referrals and contacts as they really were. F 2.10, 2.11, 3.10, 7.2.

Who is referred follows need, conditions and age; some referrals follow a stay in hospital, an attendance or an
ambulance that left the patient at home. `make_services` is worked out once for a world and kept with it.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np

from orchestration.demo import clock, rates
from orchestration.demo.community import ORGANISATION, PERSON_PREFIX, PROVIDER_OF_SUB_ICB, partner_numbers
from orchestration.demo.population import age_on
from orchestration.demo.presence import Busy, first_clash
from orchestration.demo.rates import Period
from orchestration.demo.table import Table, choose, concat, rng_for, size, take, words
from orchestration.demo.world import World

MH, COMMUNITY = "mental_health", "community"
SHORT = {MH: "mh", COMMUNITY: "cs"}
WARM_UP_DAYS = 182  # referrals of so long before the first day may still be open then
DAY = np.timedelta64(1, "D")
NEVER = np.datetime64("NaT", "D")
FACE_TO_FACE, TELEPHONE, VIDEO = "01", "02", "11"
HOME, CLINIC, SURGERY, SCHOOL, CARE_HOME, ED, OTHER = "A01", "E01", "C01", "L01", "G02", "E04", "X01"
KEPT = {"5": 84, "6": 4, "3": 5, "7": 0.5, "2": 4, "4": 2.5}
KEPT_AT_HOME = {"5": 94, "6": 1, "3": 2, "2": 1.5, "4": 1.5}
KEPT_IN_MIND = {"5": 78, "6": 5, "3": 9, "7": 0.7, "2": 4.5, "4": 2.8}
# share of urgent community responses within two hours comes out a little over 80 % (F 7.2)
UCR_MEDIAN_MINUTES, UCR_SPREAD, UCR_OPENS, UCR_CLOSES = 68.0, 0.62, 8, 20
FOLLOWED_IN_72_HOURS = 0.85
REJECTED = 0.05


@dataclass(frozen=True)
class Service:
    """A kind of team. `a_month`: referrals drawn for 1.2 million residents, before those that follow other care.
    Wait until the first contact (median) and spacing are in days; `contacts` is the mean number."""

    setting: str
    code: str
    a_month: float
    wait: float
    spacing: float
    contacts: float
    minutes: float
    sources: dict[str, float]
    reasons: dict[str, float]
    priorities: dict[str, float]
    places: dict[str, float]
    kept: dict[str, float]
    remote: float = 0.0
    every_day: bool = False


VISITS = {HOME: 90, CARE_HOME: 8, OTHER: 2}
CLINICS = {CLINIC: 60, "B01": 22, SURGERY: 14, HOME: 4}
MIND = {CLINIC: 62, HOME: 26, SURGERY: 8, OTHER: 4}
ROUTINE, SOON = {"1": 85, "2": 15}, {"1": 40, "2": 60}
GP_MOSTLY = {"01": 62, "04": 12, "05": 12, "02": 8, "09": 6}
WARD_MOSTLY = {"05": 100}
MIND_SOURCES = {"A1": 58, "A3": 8, "B1": 18, "H2": 6, "P1": 10}
SERVICES = {
    "ucr": Service(COMMUNITY, "51", 1150, 0, 1.0, 3.2, 50, {"01": 34, "08": 14, "07": 8, "02": 16, "06": 8, "09": 20},
                   {"101": 26, "109": 38, "110": 24, "108": 12}, {"4": 100}, VISITS, KEPT_AT_HOME, 0.03, True),
    "district": Service(COMMUNITY, "12", 3600, 1.5, 4.5, 9, 30, GP_MOSTLY, {"102": 48, "103": 26, "108": 14, "109": 12},
                        SOON, VISITS, KEPT_AT_HOME, 0.04, True),
    "podiatry": Service(COMMUNITY, "18", 2200, 30, 42, 3, 30, GP_MOSTLY, {"106": 100}, ROUTINE, CLINICS, KEPT),
    "physio": Service(COMMUNITY, "20", 3000, 24, 14, 4, 35, GP_MOSTLY, {"105": 80, "101": 20}, ROUTINE, CLINICS, KEPT,
                      0.12),
    "speech": Service(COMMUNITY, "16", 1200, 42, 21, 5, 45, {"01": 30, "03": 40, "04": 30}, {"107": 100}, ROUTINE,
                      {CLINIC: 45, SCHOOL: 40, HOME: 15}, KEPT, 0.10),
    "palliative": Service(COMMUNITY, "28", 330, 2, 5, 9, 50, {"01": 50, "05": 35, "06": 15}, {"104": 100}, SOON, VISITS,
                          KEPT_AT_HOME, 0.20, True),
    "reablement": Service(COMMUNITY, "53", 60, 2, 1.6, 11, 40, WARD_MOSTLY, {"105": 100}, SOON, VISITS, KEPT_AT_HOME,
                          0.0, True),
    "intermediate": Service(COMMUNITY, "54", 150, 2, 3, 7, 45, WARD_MOSTLY, {"105": 70, "109": 30}, SOON, VISITS,
                            KEPT_AT_HOME, 0.04, True),
    "liaison": Service(MH, "A11", 0, 0, 1, 1.2, 70, {"H1": 100}, {"18": 45, "15": 35, "04": 12, "10": 8}, {"5": 100},
                       {ED: 100}, {"5": 100}, 0.0, True),
    "crisis": Service(MH, "A02", 800, 0.6, 1.5, 7, 60, {"A1": 30, "B1": 25, "H1": 25, "P1": 20},
                      {"18": 60, "15": 20, "04": 20}, {"6": 70, "2": 30}, {HOME: 80, CLINIC: 20}, KEPT_IN_MIND, 0.22,
                      True),
    "line": Service(MH, "A19", 1400, 0, 1, 1, 22, {"B1": 92, "A1": 8}, {"18": 70, "05": 30}, {"6": 100}, {OTHER: 100},
                    {"5": 100}, 1.0, True),
    "adult": Service(MH, "A06", 1400, 18, 13, 10, 55, MIND_SOURCES, {"02": 28, "03": 18, "04": 28, "14": 16, "11": 10},
                     ROUTINE, MIND, KEPT_IN_MIND, 0.2),
    "older": Service(MH, "A07", 650, 14, 20, 6, 55, MIND_SOURCES, {"08": 60, "04": 40}, ROUTINE, MIND, KEPT_IN_MIND,
                     0.15),
    "memory": Service(MH, "A17", 850, 42, 45, 3, 70, {"A1": 92, "A3": 8}, {"08": 100}, ROUTINE, MIND, KEPT, 0.08),
    "primary": Service(MH, "A05", 3500, 14, 14, 4, 40, MIND_SOURCES, {"04": 45, "05": 45, "23": 10}, ROUTINE,
                       {SURGERY: 55, CLINIC: 35, OTHER: 10}, KEPT_IN_MIND, 0.4),
    "psychosis": Service(MH, "A14", 110, 8, 8, 12, 55, MIND_SOURCES, {"01": 100}, {"2": 100}, MIND, KEPT_IN_MIND, 0.12),
    "learning": Service(MH, "E01", 240, 24, 21, 5, 55, {"A1": 60, "P1": 20, "B1": 20}, {"24": 60, "17": 40}, ROUTINE,
                        {HOME: 70, CLINIC: 30}, KEPT_AT_HOME, 0.12),
    "young": Service(MH, "A13", 1500, 38, 20, 6, 50, {"A1": 45, "A3": 15, "B1": 25, "P1": 15},
                     {"05": 40, "04": 18, "24": 26, "15": 8, "12": 8}, ROUTINE, {CLINIC: 60, SCHOOL: 22, HOME: 18},
                     KEPT_IN_MIND, 0.25),
}  # fmt: skip

PLACE = {name: place for place, name in enumerate(SERVICES)}


@dataclass
class Services:
    """`referrals`: rows in the order of their care_referral_id within a partner and setting; `contacts`: row of the
    referral in `referral`. A referral that outlasts the demo keeps its future end."""

    referrals: Table
    contacts: Table


def make_services(world: World, seed: int) -> Services:
    """The services of a world, made once."""
    found: Services | None = getattr(world, "_services", None)
    if found is None:
        found = _make(world, seed)
        world._services = found  # type: ignore[attr-defined]
    return found


def made_services(world: World) -> Services:
    """The services of a world whose feeds have been sent."""
    found: Services = world._services  # type: ignore[attr-defined]
    return found


# --- referrals -------------------------------------------------------------------------------------------------------


def _weights(world: World, age: np.ndarray) -> dict[str, np.ndarray]:
    """How likely each person is to be referred to each service."""
    need, has = world.health.need, world.health.has
    adult, old = age >= 18, age >= 65
    smi, dep, dem, ld = has("SMI"), has("DEP"), has("DEM"), has("LD")
    diabetes, stroke, cancer = has("DM"), has("STIA"), has("CAN")
    return {
        "ucr": adult * (need**2 + 0.005) * (1 + 2 * (age >= 75)),
        "district": adult * (need**1.5 + 0.01) * (1 + old),
        "podiatry": adult * (0.1 + 3 * diabetes + 1.2 * (age >= 70)),
        "physio": (age >= 2) * (0.25 + need),
        "speech": 5.0 * ((age >= 2) & (age < 12)) + 6.0 * stroke + 3.0 * dem + 0.05,
        "palliative": adult * (6.0 * cancer + 3.0 * (need > 0.85) + 0.02),
        "reablement": old * need,
        "intermediate": adult * need**2,
        "liaison": np.zeros(len(age)),
        "crisis": adult * (45.0 * smi + 5.0 * dep + 0.4),
        "line": (age >= 12) * (30.0 * smi + 6.0 * dep + 0.6),
        "adult": (adult & ~old) * (60.0 * smi + 5.0 * dep + 0.3),
        "older": old * (8.0 * dem + 10.0 * smi + 4.0 * dep + 0.4),
        "memory": (age >= 55) * (25.0 * dem + 0.6 * (age >= 70) + 0.05),
        "primary": adult * (12.0 * dep + 2.0 * smi + 0.6),
        "psychosis": ((age >= 14) & (age < 36)) * (60.0 * smi + 0.05),
        "learning": ld * 1.0 + 1e-6,
        "young": ((age >= 5) & (age < 18)) * (1.0 + 6.0 * dep + 4.0 * ld),
    }


def _drawn(rng: np.random.Generator, world: World, name: str, weight: np.ndarray, before: Period) -> Table:
    """Referrals that come from general practice, families and other services."""
    service, residents = SERVICES[name], int((world.people["is_resident"] & ~world.people["is_newborn"]).sum())
    rhythm = ("level", "level", "gp") if service.every_day else ("level", "elective", "elective")
    when = np.concatenate(
        [rates.moments(rng, part, residents, service.a_month, *rhythm) for part in (before, world.period)]
    )
    total = np.cumsum(weight * world.people["is_resident"])
    if not len(when) or total[-1] <= 0:
        return _referrals(name, np.empty(0, dtype="int64"), np.empty(0, dtype=clock.SECOND))
    who = np.searchsorted(total, rng.random(len(when)) * total[-1], side="right")
    return _referrals(name, np.minimum(who, len(total) - 1), when)


def _referrals(name: str, who: np.ndarray, when: np.ndarray, source: str | None = None, **more: np.ndarray) -> Table:
    count = len(who)
    return {
        "service": np.full(count, name, dtype=object),
        "person": who.astype("int64"),
        "received_at": when.astype("datetime64[m]").astype(clock.SECOND),
        "source": np.full(count, source, dtype=object),
        "seen_by": more.get("seen_by", np.full(count, np.datetime64("NaT"), dtype=clock.SECOND)),
    }


def _following(rng: np.random.Generator, world: World, age: np.ndarray) -> list[Table]:
    """Referrals that follow other care: a stay in hospital, an attendance, an ambulance that conveyed nobody."""
    health, spells, attendances = world.health, world.spells, world.attendances
    home = np.isin(spells["discharge_destination_code"], ("19", "29")) & (spells["discharge_method_code"] != "4")
    home &= (spells["nights"] >= 1) & np.isin(spells["kind"], ("ed", "direct", "transfer"))
    home &= spells["discharged_at"] < world.period.ends
    older = age[spells["person"]] >= 65
    place = rng.random(size(spells))
    helped = home & (spells["pathway_code"] == "P1")
    chosen = {
        "district": home & older & (place < 0.22),
        "reablement": helped & (place > 0.65),
        "intermediate": helped & (place > 0.40) & (place <= 0.65),
    }
    found = []
    for name, which in chosen.items():
        rows = np.flatnonzero(which)
        early = rng.integers(5 * 60, 26 * 60, len(rows)).astype("timedelta64[m]")  # asked for before the patient goes
        when = np.maximum(spells["discharged_at"][rows] - early, spells["admitted_at"][rows])
        found.append(_referrals(name, spells["person"][rows], when, "05"))

    chance = 0.005 + 0.30 * health.has("SMI") + 0.06 * health.has("DEP")
    fits = (attendances["department_type_code"] == "01") & (age[attendances["person"]] >= 12)
    fits &= attendances["departed_at"] - attendances["arrived_at"] > np.timedelta64(100, "m")
    rows = np.flatnonzero(fits & (rng.random(size(attendances)) < chance[attendances["person"]]))
    came, left = attendances["arrived_at"][rows], attendances["departed_at"][rows]
    asked = came + rng.integers(30, 70, len(rows)).astype("timedelta64[m]")
    found.append(_referrals("liaison", attendances["person"][rows], asked, "H1", seen_by=left))
    on = np.flatnonzero(rng.random(len(rows)) < 0.45)
    found.append(_referrals("crisis", attendances["person"][rows][on], left[on], "H1"))

    incidents = world.incidents
    stayed = (incidents["outcome"] == "see_treat") & (age[incidents["person"]] >= 65)
    rows = np.flatnonzero(stayed & ~incidents["is_test_call"] & (rng.random(size(incidents)) < 0.22))
    found.append(_referrals("ucr", incidents["person"][rows], incidents["ends_at"][rows], "07"))

    stays = world.downstream.stays
    mind = np.isin(stays["bed_type_code"], ("mh_adult_acute", "mh_intensive_care", "mh_older_adult"))
    mind &= np.isin(stays["discharge_destination_code"], ("19", "29", "54"))
    mind &= stays["discharged_on"] <= np.datetime64(world.period.end, "D")
    rows = np.flatnonzero(mind)
    out = clock.midnight(stays["discharged_on"][rows]) + np.timedelta64(13 * 60, "m")
    kept = rng.random(len(rows)) < FOLLOWED_IN_72_HOURS
    after = np.where(kept, rng.integers(18 * 60, 68 * 60, len(rows)), rng.integers(80 * 60, 240 * 60, len(rows)))
    found.append(_referrals("crisis", stays["person"][rows], out, "P1", seen_by=out + after.astype("timedelta64[m]")))
    return found


def _present(world: World, who: np.ndarray, day: np.ndarray) -> np.ndarray:
    """Alive and here on the day."""
    people = world.people
    here = people["is_resident"][who] & (people["birth_date"][who].astype("datetime64[D]") <= day)
    return here & ~(people["died_on"][who] < day) & ~(people["left_on"][who] <= day)


def _partner(world: World, rows: Table, age: np.ndarray) -> np.ndarray:
    """Who runs the service where the person lives; children's and some older people's mental health is NELFT's."""
    people, day = world.people, clock.local_date(rows["received_at"])
    moved = people["moved_on"][rows["person"]] <= day
    home = np.where(moved, people["home_2"][rows["person"]], people["home"][rows["person"]])
    near = words([PROVIDER_OF_SUB_ICB[code] for code in world.lsoa["sub_icb_code"]])[home]
    is_mind = np.isin(rows["service"], [name for name, service in SERVICES.items() if service.setting == MH])
    nelft = (age < 18) | (np.isin(rows["service"], ("older", "memory", "learning")) & (near == "nelft"))
    return np.where(is_mind, np.where(nelft, "nelft", "eput"), near).astype(object)


def _of_service(names: np.ndarray, field: str) -> np.ndarray:
    """What each row's service has in a field."""
    values = np.array([getattr(service, field) for service in SERVICES.values()])
    return values[np.fromiter(map(PLACE.__getitem__, names), dtype="int64", count=len(names))]


def _make(world: World, seed: int) -> Services:
    rng, period, people = rng_for(seed, "care services"), world.period, world.people
    first = period.start
    before = Period(first - dt.timedelta(days=WARM_UP_DAYS), first - dt.timedelta(days=1))
    middle = np.full(size(people), period.days[len(period.days) // 2])
    age = np.maximum(age_on(people["birth_date"], middle), 0)
    weights = _weights(world, age)
    made = [_drawn(rng, world, name, weights[name].astype(float), before) for name in SERVICES]
    rows = concat([*made, *_following(rng, world, age)])
    day = clock.local_date(rows["received_at"])
    rows = take(rows, np.flatnonzero(_present(world, rows["person"], day)))
    rows = take(rows, np.lexsort((rows["service"].astype(str), rows["person"], rows["received_at"])))
    contacts = _contacts(rng, rows)
    _close(rng, world, rows, contacts)
    # nobody is referred to a team that has the person already
    lane = rows["person"] * 64 + np.fromiter(map(PLACE.__getitem__, rows["service"]), dtype="int64", count=size(rows))
    until = (rows["closed_on"] + DAY).astype(clock.SECOND)
    keep = np.ones(size(rows), dtype=bool)
    keep[first_clash(lane, rows["received_at"], until)] = False
    keep &= rows["closed_on"] >= np.datetime64(first, "D")
    number = np.cumsum(keep) - 1
    contacts = take(contacts, np.flatnonzero(keep[contacts["referral"]]))
    contacts["referral"] = number[contacts["referral"]]
    rows = take(rows, np.flatnonzero(keep))
    contacts = _that_took_place(rng, world, rows, contacts)
    _describe(rng, world, rows, contacts, seed)
    return Services(rows, contacts)


def _describe(rng: np.random.Generator, world: World, rows: Table, contacts: Table, seed: int) -> None:
    """Codes and numbers of referrals and contacts."""
    count = size(rows)
    age = age_on(world.people["birth_date"][rows["person"]], clock.local_date(rows["received_at"]))
    rows["partner"] = _partner(world, rows, age)
    rows["organisation_code"] = words([ORGANISATION[name] for name in rows["partner"]])
    rows["setting"] = _of_service(rows["service"], "setting").astype(object)
    rows["service_type_code"] = _of_service(rows["service"], "code").astype(object)
    for column, field in (
        ("source_of_referral_code", "sources"), ("priority_code", "priorities"), ("reason_code", "reasons"),
    ):  # fmt: skip
        rows[column] = np.full(count, None, dtype=object)
        for name, service in SERVICES.items():
            here = np.flatnonzero(rows["service"] == name)
            rows[column][here] = choose(rng, getattr(service, field), len(here))
    named = ~np.equal(rows["source"], None).astype(bool)
    rows["source_of_referral_code"] = np.where(named, rows["source"], rows["source_of_referral_code"]).astype(object)
    rows["local_patient_id"], rows["referral_id"] = words([None] * count), words([None] * count)
    rows["care_referral_id"] = words([None] * count)
    number = words([None] * size(contacts))
    contacts["contact_id"], contacts["care_contact_id"] = number, number.copy()
    partner, setting = rows["partner"][contacts["referral"]], rows["setting"][contacts["referral"]]
    for name, code in ORGANISATION.items():
        here = np.flatnonzero(rows["partner"] == name)
        rows["local_patient_id"][here] = partner_numbers(seed, name, PERSON_PREFIX[name], rows["person"][here])
        for kind, short in SHORT.items():
            here = np.flatnonzero((rows["partner"] == name) & (rows["setting"] == kind))
            rows["referral_id"][here] = numbers("R", short, 1, len(here))
            rows["care_referral_id"][here] = words([f"{code}:{short}:{local}" for local in rows["referral_id"][here]])
            here = np.flatnonzero((partner == name) & (setting == kind))
            contacts["contact_id"][here] = numbers("C", short, 1, len(here))
            contacts["care_contact_id"][here] = words(
                [f"{code}:{short}:{local}" for local in contacts["contact_id"][here]]
            )


def numbers(letter: str, short: str, begin: int, count: int) -> np.ndarray:
    """Local numbers of referrals (R) or contacts (C), in order."""
    start = {"mh": 30_000_000, "cs": 60_000_000}[short] + begin
    return words([f"{letter}{number}" for number in range(start, start + count)])


# --- contacts --------------------------------------------------------------------------------------------------------


def _contacts(rng: np.random.Generator, rows: Table) -> Table:
    """Every contact that was planned, in the order of the referrals."""
    kind, count = rows["service"], size(rows)
    rows["is_rejected"] = (rng.random(count) < REJECTED) & np.isnat(rows["seen_by"])
    rows["is_rejected"] &= ~_of_service(kind, "every_day") | (kind == "ucr")
    planned = rng.geometric(1 / _of_service(kind, "contacts")).clip(1, 60)
    planned[rows["is_rejected"]] = 0
    referral = np.repeat(np.arange(count), planned)
    turn = np.arange(len(referral)) - np.repeat(np.cumsum(planned) - planned, planned)
    kind = kind[referral]
    spacing, wait = _of_service(kind, "spacing"), _of_service(kind, "wait")
    first_wait = np.exp(rng.normal(0, 0.6, count))[referral] * wait
    gap = first_wait + turn * spacing * rng.uniform(0.75, 1.25, len(turn))
    received = rows["received_at"][referral]
    day = clock.local_date(received) + np.round(gap).astype("int64").astype("timedelta64[D]")
    weekend = rates.weekday_of(day) - 4
    day = day + np.where(_of_service(kind, "every_day") | (weekend < 1), 0, 3 - weekend).astype("timedelta64[D]")
    minute = np.where(_of_service(kind, "every_day"), rng.integers(96, 240, len(day)), rng.integers(102, 204, len(day)))
    at = clock.midnight(day) + (minute * 5).astype("timedelta64[m]")
    # on the day itself it comes after the referral; urgent teams come within hours
    soon = received + rng.integers(25, 240, len(day)).astype("timedelta64[m]")
    at = np.where(at <= received, soon + (turn * 90).astype("timedelta64[m]"), at)
    at = np.where((kind == "line") & (turn == 0), received + np.timedelta64(2, "m"), at)
    ucr = np.flatnonzero((kind == "ucr") & (turn == 0))
    at[ucr] = _urgent_response(rng, received[ucr])
    promised = np.flatnonzero(~np.isnat(rows["seen_by"][referral]) & (turn == 0))
    by = rows["seen_by"][referral[promised]]
    in_ed = kind[promised] == "liaison"
    part = rng.uniform(0.2, 0.9, len(promised))
    between = received[promised] + ((by - received[promised]).astype("int64") * part).astype("timedelta64[s]")
    at[promised] = np.where(in_ed, between, by)
    at = at.astype("datetime64[m]").astype(clock.SECOND)
    table = {"referral": referral, "contact_at": at, "turn": turn}
    order = np.lexsort((table["contact_at"], referral))
    table = take(table, order)
    same = np.zeros(len(order), dtype=bool)
    same[1:] = (np.diff(table["referral"]) == 0) & (np.diff(table["contact_at"].astype("int64")) == 0)
    return take(table, np.flatnonzero(~same))


def _urgent_response(rng: np.random.Generator, received: np.ndarray) -> np.ndarray:
    """First visit of a two-hour team: what comes in at night waits until the service opens."""
    local = clock.to_local(received)
    hour = (local - local.astype("datetime64[D]")).astype("int64") / 3600
    day = local.astype("datetime64[D]") + np.where(hour >= UCR_CLOSES, DAY, DAY * 0)
    opens = clock.to_utc(day.astype(clock.SECOND) + np.timedelta64(UCR_OPENS * 3600, "s"))
    begin = np.where((hour >= UCR_OPENS) & (hour < UCR_CLOSES), received, opens)
    wait = np.exp(rng.normal(np.log(UCR_MEDIAN_MINUTES), UCR_SPREAD, len(received))).clip(8, 2000)
    return begin + np.round(wait).astype("int64").astype("timedelta64[m]")


def _close(rng: np.random.Generator, world: World, rows: Table, contacts: Table) -> None:
    """When and why each referral ended."""
    count, people = size(rows), world.people
    received = clock.local_date(rows["received_at"])
    last = received.copy()
    np.maximum.at(last, contacts["referral"], clock.local_date(contacts["contact_at"]))
    urgent = _of_service(rows["service"], "every_day")
    idle = np.where(urgent, rng.integers(0, 4, count), rng.integers(0, 40, count))
    idle = np.where(rows["is_rejected"], rng.integers(1, 9, count), idle)
    closed = last + idle.astype("timedelta64[D]")
    why = choose(rng, {"02": 76, "03": 10, "04": 6, "06": 4, "07": 4}, count)
    why[rows["is_rejected"]] = "03"
    died, left = people["died_on"][rows["person"]], people["left_on"][rows["person"]]
    gone = ~np.isnat(left) & (left <= closed)
    closed, why = np.where(gone, np.maximum(left, received), closed), np.where(gone, "03", why)
    dead = ~np.isnat(died) & (died <= closed)
    closed, why = np.where(dead, np.maximum(died, received), closed), np.where(dead, "05", why)
    rows["closed_on"], rows["close_reason_code"] = closed, why.astype(object)
    rows["is_rejected"] &= ~dead & ~gone
    rows["rejected_on"] = np.where(rows["is_rejected"], closed, NEVER)


def _that_took_place(rng: np.random.Generator, world: World, rows: Table, contacts: Table) -> Table:
    """Contacts until the demo ends, while the person lives, is here and is not in a hospital bed."""
    who, at = rows["person"][contacts["referral"]], contacts["contact_at"]
    spells = take(world.spells, np.flatnonzero(world.spells["nights"] >= 1))
    inside = Busy(spells["person"], spells["admitted_at"], spells["discharged_at"]).meets(who, at, at)
    inside &= rows["service"][contacts["referral"]] != "liaison"
    day = clock.local_date(at)
    fits = (at >= world.period.begins) & (at < world.period.ends) & ~inside & _present(world, who, day)
    fits &= day <= rows["closed_on"][contacts["referral"]]
    contacts = take(contacts, np.flatnonzero(fits))
    kind, count = rows["service"][contacts["referral"]], size(contacts)
    for column, field in (("attendance_code", "kept"), ("location_type_code", "places")):
        contacts[column] = np.full(count, None, dtype=object)
        for name, service in SERVICES.items():
            here = np.flatnonzero(kind == name)
            contacts[column][here] = choose(rng, getattr(service, field), len(here))
    remote = rng.random(count) < _of_service(kind, "remote")
    by = np.where((kind != "line") & (rng.random(count) < 0.3), VIDEO, TELEPHONE)
    contacts["mechanism_code"] = np.where(remote, by, FACE_TO_FACE).astype(object)
    promised = ~np.isnat(rows["seen_by"][contacts["referral"]]) & (contacts["turn"] == 0)
    contacts["attendance_code"][promised] = "5"
    contacts["is_attended"] = np.isin(contacts["attendance_code"], ("5", "6"))
    minutes = np.round(_of_service(kind, "minutes") * np.exp(rng.normal(0, 0.35, count)) / 5) * 5
    told = contacts["is_attended"] & (rng.random(count) > 0.06)
    contacts["duration_minutes"] = np.where(told, minutes.clip(5, 240), -1).astype("int64")
    return contacts


__all__ = ["COMMUNITY", "MH", "SHORT", "Services", "made_services", "make_services", "numbers"]
