"""Adult social care: what happened to whom, before any council writes it down (F 2.13). Magnitudes F 7.2.

Who is supported has a reason for it: dementia, a learning disability, severe mental illness, or many needs. Packages of
care that somebody waited for (social_care.py) become support here; reablement follows a stay in hospital.
"""

from __future__ import annotations

import numpy as np

from orchestration.demo.community import council_of, partner_numbers
from orchestration.demo.planned_care import residents_of
from orchestration.demo.population import age_on
from orchestration.demo.rates import FULL_SIZE
from orchestration.demo.social_care import COUNCIL, PERSON
from orchestration.demo.table import Table, choose, concat, rng_for, size, take, words
from orchestration.demo.world import World

DAY = np.timedelta64(1, "D")
NEVER = np.datetime64("NaT", "D")
CLIENTS = 9_500  # of 1.2 million residents, beside those whom a package awaited brings
SHORT_TERM, REQUESTS, CARERS = 3_600, 30_000, 6_000  # a year
LONG, SHORT, CARER = "Long term support: ", "Short term support: ", "Unpaid carer support: "
HOME_SUPPORT = "Home support or domiciliary care"
OLD_KIND = {"Nursing care": 12, "Residential care": 28, "Community": 60}
YOUNG_KIND = {"Nursing care": 3, "Residential care": 14, "Community": 83}
OLD_HELP = {HOME_SUPPORT: 62, "Direct payment": 14, "Day support": 9, "Extra care housing": 8, "Equipment": 7}
YOUNG_HELP = {
    "Community supported living": 33,
    "Direct payment": 33,
    "Day support": 17,
    HOME_SUPPORT: 12,
    "Shared Lives": 5,
}
# what a unit costs, how often it is paid, and how many units a week there are
COST = {
    "Nursing care": (1080, "Weekly", 1, 1),
    "Residential care": (930, "Weekly", 1, 1),
    HOME_SUPPORT: (23.5, "Hourly", 5, 28),
    "Direct payment": (290, "Weekly", 1, 1),
    "Day support": (58, "Session", 1, 5),
    "Extra care housing": (1450, "Monthly", 1, 1),
    "Community supported living": (980, "Weekly", 1, 1),
    "Shared Lives": (860, "Fortnightly", 1, 1),
    "Equipment": (420, "One-off", 1, 1),
    "Reablement": (31, "Hourly", 5, 20),
}
NO_SUPPORT = {
    "NFA: Information and advice or signposting": 42,
    "NFA: Support declined": 9,
    "NFA: Referral to NHS services or NHS funded social care": 8,
    "NFA: Self-funded client or under 12wk disregard": 8,
    "NFA: No services offered for other reason": 13,
    "NFA: Other": 12,
    "Progress to assessment, review or reassessment": 8,
}
AFTER_REABLEMENT = {
    "NFA: Support ended as planned": 62,
    "Progress to assessment, review or reassessment": 20,
    "Admitted to hospital": 10,
    "NFA: Support ended for other reason": 8,
}
AFTER_SUPPORT = {
    "NFA: Support ended as planned": 45,
    "NFA: Support ended for other reason": 35,
    "Admitted to hospital": 20,
}
AFTER_REVIEW = {"Continuation of support or services": 86, "Progress to support planning or services": 14}
TEXTS = [
    "route_of_access",
    "assessment_type",
    "service_type",
    "service_component",
    "delivery_mechanism",
    "event_outcome",
    "cost_frequency",
]


def _blank(count: int) -> Table:
    table: Table = {name: np.full(count, None, dtype=object) for name in TEXTS}
    return table | {"unit_cost": np.full(count, np.nan), "units_per_week": np.full(count, np.nan)}


def _events(
    kind: str, who: np.ndarray, begin: np.ndarray, end: np.ndarray, client: str = "service_user", **more
) -> Table:
    count = len(who)
    table = _blank(count) | {
        "person": who,
        "client_type": np.full(count, client, dtype=object),
        "event_type": np.full(count, kind, dtype=object),
        "started_on": begin.astype("datetime64[D]"),
        "ended_on": end.astype("datetime64[D]"),
    }
    for name, values in more.items():
        table[name] = np.full(count, values, dtype=object) if isinstance(values, str) else values
    return table


def _days(values: np.ndarray) -> np.ndarray:
    return np.round(values).astype("int64").astype("timedelta64[D]")


def make_social_events(world: World, begin: np.datetime64, seed: int) -> Table:
    """Events that end on or after `begin`, or go on; in order of council and start."""
    rng = rng_for(seed, "social care")
    scale = residents_of(world) / FULL_SIZE
    last = np.datetime64(world.period.end, "D")
    services = concat([_long_term(rng, world, scale, last), *_short_and_packages(rng, world, scale, begin, last)])
    services = _costed(rng, services)
    table = concat(
        [
            services,
            *_before(rng, services, begin),
            _reviews(rng, services, begin, last),
            *_others(rng, world, scale, begin, last),
        ]
    )
    return _placed(rng, world, table, begin, seed)


def _pool(rng: np.random.Generator, world: World, count: int, old: bool) -> np.ndarray:
    """People with support: each once."""
    people, health = world.people, world.health
    age = age_on(people["birth_date"], np.full(len(health.need), np.datetime64(world.period.end, "D")))
    if old:
        weight = (age >= 65) * (health.need**2 + 2.5 * health.has("DEM") + 0.02)
    else:
        weight = ((age >= 19) & (age < 65)) * (
            0.01 + 6.0 * health.has("LD") + 0.8 * health.has("SMI") + 0.1 * health.need
        )
    weight = weight * people["is_resident"] * ~people["is_newborn"]
    count = min(count, int((weight > 0).sum()))
    return (
        rng.choice(len(weight), count, replace=False, p=weight / weight.sum()) if count else np.zeros(0, dtype="int64")
    )


def _long_term(rng: np.random.Generator, world: World, scale: float, last: np.datetime64) -> Table:
    old, young = (
        _pool(rng, world, round(CLIENTS * scale * share * 1.9), is_old) for share, is_old in ((0.6, True), (0.4, False))
    )
    who = np.concatenate([old, young])
    is_old = np.arange(len(who)) < len(old)
    kind = np.where(is_old, choose(rng, OLD_KIND, len(who)), choose(rng, YOUNG_KIND, len(who))).astype(object)
    help_ = np.where(is_old, choose(rng, OLD_HELP, len(who)), choose(rng, YOUNG_HELP, len(who))).astype(object)
    component = np.where(kind == "Community", help_, kind).astype(object)
    begin = last - _days(rng.exponential(np.where(is_old, 800, 1500)) + 5)
    begin = np.maximum(begin, world.people["birth_date"][who] + 18 * 366 * DAY)
    end = begin + _days(rng.exponential(np.where(is_old, 700, 2600)) + 25)
    end = np.where(end > last + 400 * DAY, NEVER, end)
    outcome = choose(rng, AFTER_SUPPORT, len(who))
    table = _events(
        "service",
        who,
        begin,
        end,
        service_type=np.full(len(who), LONG, dtype=object) + kind,
        service_component=component,
        event_outcome=outcome,
    )
    # from home into a care home, the day after
    moved = np.flatnonzero(is_old & (kind == "Community") & (table["ended_on"] <= last) & (rng.random(len(who)) < 0.3))
    to = choose(rng, {"Residential care": 75, "Nursing care": 25}, len(moved))
    start = table["ended_on"][moved] + DAY
    later = start + _days(rng.exponential(650, len(moved)) + 20)
    table["event_outcome"][moved] = "Progress to support planning or services"
    home = _events(
        "service",
        who[moved],
        start,
        later,
        service_type=np.full(len(moved), LONG, dtype=object) + to,
        service_component=to,
        event_outcome=choose(rng, AFTER_SUPPORT, len(moved)),
    )
    # and some have two kinds of help
    both = np.flatnonzero((kind == "Community") & (component != "Day support") & (rng.random(len(who)) < 0.18))
    second = take(table, both)
    second["service_component"] = np.full(len(both), "Day support", dtype=object)
    return concat([table, home, second])


def _short_and_packages(
    rng: np.random.Generator, world: World, scale: float, begin: np.datetime64, last: np.datetime64
) -> list[Table]:
    packages = world.downstream.packages
    started = packages["status"] == "started"
    short = np.flatnonzero(started & (packages["package_type_code"] == "reablement"))
    lasting = np.flatnonzero(started & (packages["package_type_code"] != "reablement"))
    lasting = lasting[rng.random(len(lasting)) < 0.55]
    first = packages["requested_on"].min() if size(packages) else np.datetime64(world.period.start, "D")
    years = max(int((first - begin).astype("int64")), 0) / 365.25
    earlier = _pool(rng, world, int(rng.poisson(SHORT_TERM * scale * years)), True)
    days = begin + _days(rng.random(len(earlier)) * years * 365.25)
    who = np.concatenate([packages["person"][short], earlier])
    start = np.concatenate([packages["closed_on"][short], days])
    length = _days(rng.uniform(12, 43, len(who)))
    reablement = _events(
        "service",
        who,
        start,
        start + length,
        service_type=SHORT + "ST-Max",
        service_component="Reablement",
        event_outcome=choose(rng, AFTER_REABLEMENT, len(who)),
    )
    reablement["route_of_access"] = np.where(
        rng.random(len(who)) < 0.75, "Discharge from hospital", "Community or other route"
    ).astype(object)
    who, start = packages["person"][lasting], packages["closed_on"][lasting]
    support = _events(
        "service",
        who,
        start,
        start + _days(rng.exponential(200, len(who)) + 14),
        service_type=LONG + "Community",
        service_component=HOME_SUPPORT,
        event_outcome=choose(rng, AFTER_SUPPORT, len(who)),
    )
    from_bed = np.isin(packages["location"][lasting], ("acute_bed", "community_bed", "mental_health_bed"))
    support["route_of_access"] = np.where(from_bed, "Discharge from hospital", "Community or other route").astype(
        object
    )
    return [reablement, support]


def _costed(rng: np.random.Generator, services: Table) -> Table:
    count = size(services)
    for component, (price, often, least, most) in COST.items():
        here = np.flatnonzero(services["service_component"] == component)
        services["unit_cost"][here] = np.round(price * rng.uniform(0.88, 1.15, len(here)), 2)
        services["cost_frequency"][here] = often
        services["units_per_week"][here] = rng.integers(least, most + 1, len(here))
    way = choose(rng, {"CASSR managed personal budget": 82, "CASSR commissioned support": 18}, count)
    way = np.where(services["service_component"] == "Direct payment", "Direct payment", way)
    community = services["service_type"] == LONG + "Community"
    services["delivery_mechanism"] = np.where(community, way, None)
    return services


def _before(rng: np.random.Generator, services: Table, begin: np.datetime64) -> list[Table]:
    """A request before each new support, and an assessment before support that lasts."""
    rows = np.flatnonzero(
        (services["started_on"] > begin + 40 * DAY) & (services["service_component"] != "Day support")
    )
    who, start = services["person"][rows], services["started_on"][rows]
    lasting = np.array([kind.startswith(LONG) for kind in services["service_type"][rows]], dtype=bool)
    asked = start - _days(rng.uniform(2, 30, len(rows)))
    answer = np.where(lasting, "Progress to assessment, review or reassessment", "Progress to reablement/ST-Max")
    route = services["route_of_access"][rows]
    route = np.where(np.equal(route, None), "Community or other route", route)
    requests = _events(
        "request",
        who,
        asked,
        asked + _days(rng.integers(0, 3, len(rows))),
        route_of_access=route.astype(object),
        event_outcome=answer.astype(object),
    )
    rows, who, start, asked = rows[lasting], who[lasting], start[lasting], asked[lasting]
    assessed = np.minimum(asked + _days(rng.integers(0, 12, len(rows))), start)
    assessments = _events(
        "assessment",
        who,
        assessed,
        np.maximum(assessed, start - DAY),
        assessment_type="Long term assessment",
        event_outcome="Progress to support planning or services",
    )
    services["route_of_access"] = np.full(size(services), None, dtype=object)
    return [requests, assessments]


def _reviews(rng: np.random.Generator, services: Table, begin: np.datetime64, last: np.datetime64) -> Table:
    lasting = np.array([str(kind).startswith(LONG) for kind in services["service_type"]], dtype=bool)
    rows = np.flatnonzero(lasting & (services["service_component"] != "Day support"))
    parts = []
    for year in range(1, 12):
        day = services["started_on"][rows] + _days(365.25 * year + rng.normal(0, 35, len(rows)))
        until = np.where(np.isnat(services["ended_on"][rows]), last, services["ended_on"][rows])
        fits = (day >= begin) & (day < until) & (rng.random(len(rows)) < 0.75)
        parts.append((services["person"][rows[fits]], day[fits]))
    who, day = (np.concatenate([part[place] for part in parts]) for place in (0, 1))
    return _events(
        "review",
        who,
        day,
        day + _days(rng.integers(0, 15, len(who))),
        event_outcome=choose(rng, AFTER_REVIEW, len(who)),
    )


def _others(
    rng: np.random.Generator, world: World, scale: float, begin: np.datetime64, last: np.datetime64
) -> list[Table]:
    """Requests that led to nothing, and carers: assessed, some of them with a payment."""
    span = int((last - begin).astype("int64")) + 1
    people, need = world.people, world.health.need
    age = age_on(people["birth_date"], np.full(len(need), last))
    adult = (age >= 18) & people["is_resident"]
    weight = np.cumsum(adult * (0.02 + need**2 + 0.15 * (age >= 75)))
    count = int(rng.poisson(REQUESTS * scale * span / 365.25))
    who = np.searchsorted(weight, rng.random(count) * weight[-1], side="right")
    day = begin + _days(rng.random(count) * (span - 1))
    route = choose(
        rng,
        {
            "Community or other route": 78,
            "Discharge from hospital": 15,
            "Self-funder with depleted funds": 4,
            "Planned entry (transition)": 3,
        },
        count,
    )
    nothing = _events(
        "request",
        who,
        day,
        day + _days(rng.integers(0, 5, count)),
        route_of_access=route,
        event_outcome=choose(rng, NO_SUPPORT, count),
    )
    weight = np.cumsum(adult * ((age >= 40) & (age < 82)))
    count = int(rng.poisson(CARERS * scale * span / 365.25))
    who = np.searchsorted(weight, rng.random(count) * weight[-1], side="right")
    day = begin + _days(rng.random(count) * (span - 1))
    end = day + _days(rng.integers(0, 20, count))
    paid = rng.random(count) < 0.35
    outcome = np.where(
        paid, "Progress to support planning or services", "NFA: Information and advice or signposting"
    ).astype(object)
    assessed = _events(
        "assessment", who, day, end, client="carer", assessment_type="Unpaid carer assessment", event_outcome=outcome
    )
    who, end = who[paid], end[paid]
    payment = _events(
        "service",
        who,
        end + DAY,
        end + DAY,
        client="carer",
        service_type=CARER + "Direct to unpaid carer",
        service_component="Direct payment",
        event_outcome="NFA: Support ended as planned",
    )
    payment["unit_cost"], payment["units_per_week"] = np.round(rng.uniform(150, 400, len(who)), 2), np.ones(len(who))
    payment["cost_frequency"] = np.full(len(who), "One-off", dtype=object)
    return [nothing, assessed, payment]


def _placed(rng: np.random.Generator, world: World, table: Table, begin: np.datetime64, seed: int) -> Table:
    """Ended by death, given to a council, with what councils ask of everybody; nothing twice."""
    people, health = world.people, world.health
    died = people["died_on"][table["person"]]
    dead = (died <= table["ended_on"]) | (~np.isnat(died) & np.isnat(table["ended_on"]))
    table["ended_on"] = np.where(dead, died, table["ended_on"])
    table["event_outcome"][dead] = "NFA: Deceased"
    table["ended_by_death"] = dead
    table["organisation_code"] = council_of(people, world.lsoa, table["person"], table["started_on"])
    keep = (table["organisation_code"] != "OTHER") & ~(table["started_on"] >= died) & ~(table["ended_on"] < begin)
    keep &= table["started_on"] <= np.datetime64(world.period.end, "D")
    table = take(table, keep)
    who = table["person"]
    reason = np.where(
        rng.random(size(people)) < 0.72,
        "Physical support: Personal care support",
        "Physical support: Access and mobility only",
    )
    reason = np.where(rng.random(size(people)) < 0.05, "Sensory support: Support for visual impairment", reason)
    for condition, text in (
        ("DEP", "Mental health support"),
        ("SMI", "Mental health support"),
        ("DEM", "Support with memory and cognition"),
        ("LD", "Learning disability support"),
    ):
        reason = np.where(health.has(condition), text, reason)
    table["primary_support_reason"] = np.where(
        table["client_type"] == "carer", "Social support: Support to carer", reason[who]
    ).astype(object)
    home = choose(
        rng,
        {
            "Owner occupier or shared ownership scheme": 55,
            "Tenant": 35,
            "Sheltered housing, extra care or other supported housing": 10,
        },
        size(people),
    )
    place = home[who]
    place = np.where(table["service_component"] == "Residential care", "Registered care home", place)
    table["accommodation_status"] = np.where(
        table["service_component"] == "Nursing care", "Registered nursing home", place
    ).astype(object)
    council = {code: name for name, code in COUNCIL.items()}
    table["council"] = words([council[code] for code in table["organisation_code"]])
    # what the rules of F 2.13.3 would take for one event is one event
    named = [
        words([str(value) for value in table[name]])
        for name in (
            "organisation_code",
            "person",
            "client_type",
            "event_type",
            "started_on",
            "route_of_access",
            "assessment_type",
            "service_type",
            "service_component",
        )
    ]
    ended = np.where(table["event_type"] == "service", "", words([str(value) for value in table["ended_on"]]))
    key = np.array(["|".join(parts) for parts in zip(*named, ended, strict=True)], dtype=object)
    _, first = np.unique(key.astype(str), return_index=True)
    table = take(table, np.sort(first))
    table = take(
        table,
        np.lexsort(
            (
                table["event_type"].astype(str),
                table["person"],
                table["started_on"],
                table["organisation_code"].astype(str),
            )
        ),
    )
    table["event_no"] = np.arange(size(table))
    table["local_patient_id"] = np.empty(size(table), dtype=object)
    for name in COUNCIL:
        here = np.flatnonzero(table["council"] == name)
        table["local_patient_id"][here] = partner_numbers(seed, name, PERSON[name], table["person"][here])
    return table
