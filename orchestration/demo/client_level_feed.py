"""Adult social care client level data of three councils: a submission a quarter, of twelve months each, stacked.

Essex sends CSV, Southend JSON lines, Thurrock text with bars, without NHS numbers but with names. From the quarter that
ended in December 2025 on the wording is that of release 2, but for what nobody changed (F 2.13).
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from orchestration.demo import clock, formats
from orchestration.demo.council_feeds import COUNCILS
from orchestration.demo.dirt import DirtLog, rate
from orchestration.demo.identity import identity
from orchestration.demo.sending import Sent
from orchestration.demo.social_events import DAY, NEVER, make_social_events
from orchestration.demo.table import Table, concat, rng_for, size, take, words
from orchestration.demo.world import World

RELEASE_2 = np.datetime64("2025-12-31")
DELIVERED_ON = 20  # day of the month after the quarter
OVERRUN = {"essex": 0, "southend": 14, "thurrock": 0}  # days after the quarter of which a file tells as well
FILE = {
    "essex": "ECC_CLD_{:%Y%m%d}{}.csv",
    "southend": "scc_cld_{:%Y%m%d}{}.jsonl",
    "thurrock": "TC_CLD_{:%Y%m%d}{}.txt",
}
CLIENT = {"service_user": "Service user", "carer": "Carer"}
FREE_TEXT = ("dom care 4x daily double up", "HC + sitting", "resi", "DP - agency")
GENDER = {"1": "Male", "2": "Female", "9": "Other", "X": "Not known"}
ETHNICITY = {
    "A": "White: English, Welsh, Scottish, Northern Irish or British",
    "B": "White: Irish",
    "C": "White: Any other White background",
    "D": "Mixed or multiple ethnic groups: White and Black Caribbean",
    "E": "Mixed or multiple ethnic groups: White and Black African",
    "F": "Mixed or multiple ethnic groups: White and Asian",
    "G": "Mixed or multiple ethnic groups: Any other Mixed or multiple ethnic background",
    "H": "Asian or Asian British: Indian",
    "J": "Asian or Asian British: Pakistani",
    "K": "Asian or Asian British: Bangladeshi",
    "L": "Asian or Asian British: Any other Asian background",
    "M": "Black, Black British, Caribbean or African: Caribbean",
    "N": "Black, Black British, Caribbean or African: African",
    "P": "Black, Black British, Caribbean or African: Any other Black, Black British or Caribbean background",
    "R": "Asian or Asian British: Chinese",
    "S": "Other ethnic group: Any other ethnic group",
    "Z": "No data: Refused",
    "99": "No data: Undeclared or not known",
}
# Wording of release 1, by that of release 2.
RELEASE_1 = {
    "Long term support: Nursing care": "Long Term Support: Nursing Care",
    "Long term support: Residential care": "Long Term Support: Residential Care",
    "Long term support: Community": "Long Term Support: Community",
    "Short term support: ST-Max": "Short Term Support: ST-Max",
    "Unpaid carer support: Direct to unpaid carer": "Carer Support: Direct to Carer",
    "Home support or domiciliary care": "Home Support",
    "Direct payment": "Direct Payment",
    "Day support": "Day Support",
    "Extra care housing": "Extra Care Housing",
    "Community supported living": "Community Supported Living",
    "Residential care": "Residential Care",
    "Nursing care": "Nursing Care",
    "Progress to reablement/ST-Max": "Progress to Reablement/ST-Max",
    "Progress to assessment, review or reassessment": "Progress to Assessment",
    "Progress to support planning or services": "Progress to Support Planning / Services",
    "Continuation of support or services": "No change in package",
    "NFA: Referral to NHS services or NHS funded social care": "NFA - 100% NHS funded care",
    "NFA: Self-funded client or under 12wk disregard": "NFA - Self-funded client (Inc. 12wk disregard)",
    "NFA: Information and advice or signposting": "NFA - Information & Advice / Signposting only",
    "NFA: Support declined": "NFA - Support declined",
    "NFA: Deceased": "NFA - Deceased",
    "NFA: Support ended as planned": "Service ended as planned",
    "NFA: Support ended for other reason": "NFA - Support ended: Other reason",
    "NFA: No services offered for other reason": "NFA - No services offered: Other reason",
    "NFA: Other": "NFA- Other",
    "Discharge from hospital": "Discharge from Hospital",
    "Community or other route": "Community / Other route",
    "Self-funder with depleted funds": "Self-Funder",
    "Planned entry (transition)": "Planned Entry (Transition)",
    "CASSR managed personal budget": "CASSR Managed Personal Budget",
    "CASSR commissioned support": "CASSR Commissioned Support",
}
RANK = {
    "Progress to reablement/ST-Max": 1,
    "Progress to assessment, review or reassessment": 2,
    "Progress to support planning or services": 4,
    "Continuation of support or services": 5,
    "Admitted to hospital": 6,
    "NFA: Referral to NHS services or NHS funded social care": 8,
    "NFA: Self-funded client or under 12wk disregard": 9,
    "NFA: Information and advice or signposting": 10,
    "NFA: Support declined": 12,
    "NFA: Deceased": 13,
    "NFA: Support ended as planned": 14,
    "NFA: Support ended for other reason": 15,
    "NFA: No services offered for other reason": 16,
    "NFA: Other": 17,
}
WORDED = ("route_of_access", "service_type", "service_component", "delivery_mechanism", "event_outcome")


@dataclass(frozen=True)
class Submission:
    """A file: of the twelve months up to and with `end`. `part` 1 is one that lacked rows and came again."""

    end: np.datetime64
    delivered: np.datetime64
    part: int = 0

    @property
    def begin(self) -> np.datetime64:
        month = self.end.astype("datetime64[M]") - np.timedelta64(11, "M")
        return month.astype("datetime64[D]")


def submissions(world: World) -> list[Submission]:
    """Those that came in the demo, or the last before it where none did."""
    made: list[Submission] = []
    month = np.datetime64(f"{world.period.start.year - 1}-09")
    while month < np.datetime64(world.period.end, "M"):
        end = (month + np.timedelta64(1, "M")).astype("datetime64[D]") - DAY
        came = (month + np.timedelta64(1, "M")).astype("datetime64[D]") + np.timedelta64(DELIVERED_ON - 1, "D")
        if came <= np.datetime64(world.period.end, "D"):
            if came < np.datetime64(world.period.start, "D"):
                made = []
            made.append(Submission(end, clock.at(came.astype(dt.date), 17, 30)))
        month = month + np.timedelta64(3, "M")
    return made


def of_world(world: World, seed: int) -> Table:
    """The events of a world, made once."""
    made = world.__dict__.get("social_events")
    if made is None:
        plan = submissions(world)
        begin = plan[0].begin if plan else np.datetime64(world.period.start, "D")
        made = world.__dict__["social_events"] = make_social_events(world, begin, seed)
    return made


def _persons(world: World, table: Table, feed: str, rng: np.random.Generator, log: DirtLog, council: str) -> Table:
    """Identity of each event's person: one record a person at the council."""
    who, first, back = np.unique(table["person"], return_index=True, return_inverse=True)
    ids = table["local_patient_id"][first]
    made = identity(world.people, who, clock.midnight(table["started_on"][first]), ids, feed, rng, log)
    return take(made, back)


def _told(events: Table, feed: str, plan: list[Submission], rng: np.random.Generator, log: DirtLog) -> Table:
    """The council's own view of its events, before the rules of any one submission."""
    table = {name: values.copy() for name, values in events.items()}
    count = size(table)
    number = words([f"event {one}" for one in table["event_no"]])
    service, over = table["event_type"] == "service", ~np.isnat(table["ended_on"])
    dead = table["ended_by_death"]

    def some(kind: str, eligible: np.ndarray, always: bool = False) -> np.ndarray:
        place = rng.random(count)
        here = eligible & (place < rate(kind, feed))
        if always and eligible.any():
            here[np.flatnonzero(eligible)[np.argmin(place[eligible])]] = True  # one there is
        log.add(kind, number[here])
        return here

    table["open_for_ever"] = some("never_closed", service & over & ~dead)
    table["open_after_death"] = some("open_after_death", service & dead)
    table["death_unknown"] = some("death_not_told", dead & ~table["open_after_death"])
    begin = plan[-1].begin if plan else NEVER
    table["dropped"] = some(
        "not_in_the_newest",
        service & (table["started_on"] < begin - 30 * DAY) & ~(table["ended_on"] < begin),
        always=True,
    )
    table["reset"] = some("start_date_reset", service & (table["service_type"] == "Long term support: Community"))
    wrong = some("carer_as_service_user", (table["client_type"] == "carer") & ~service)
    table["client_type"] = np.where(wrong, "service_user", table["client_type"]).astype(object)
    typed = some("component_free_text", service & (table["client_type"] == "service_user"))
    table["component_text"] = np.where(typed, words(list(FREE_TEXT))[rng.integers(0, len(FREE_TEXT), count)], None)
    table["service_component"] = np.where(typed, None, table["service_component"])
    table["nobody"] = some("no_person_number", np.ones(count, dtype=bool))
    table["two_outcomes"] = some("two_outcomes", np.isin(table["event_type"], ("request", "assessment")))
    table["old_words"] = some("release_1_wording", np.ones(count, dtype=bool))
    return table


def _in_submission(told: Table, one: Submission, newest: bool, overrun: int, died: np.ndarray) -> Table:
    """The rows of one file, in the words of release 2."""
    service = told["event_type"] == "service"
    until = one.end + overrun * DAY
    made_on = clock.local_date(np.array([one.delivered]))[0] - DAY
    ended = told["ended_on"]
    known_end = np.where(ended <= made_on, ended, NEVER)
    known_end = np.where(told["open_for_ever"] | told["open_after_death"], NEVER, known_end)
    here = service & (told["started_on"] <= one.end) & ~(known_end < one.begin) & ~(newest & told["dropped"])
    here |= ~service & (ended >= one.begin) & (ended <= until)
    rows = take(
        told | {"told_end": known_end, "died_on": np.where(told["death_unknown"], NEVER, died)}, np.flatnonzero(here)
    )
    # a service that went on over 1 April begins on it, from the next submission on
    year = one.end.astype("datetime64[Y]")
    april = (year + np.timedelta64(3, "M")).astype("datetime64[D]")
    april = april if one.end >= april else (year - np.timedelta64(9, "M")).astype("datetime64[D]")
    spans = rows["reset"] & (rows["started_on"] < april) & ~(rows["told_end"] < april)
    rows["started_on"] = np.where(spans, april, rows["started_on"])
    rows["died_on"] = np.where(rows["died_on"] <= made_on, rows["died_on"], NEVER)
    going = (rows["event_type"] == "service") & np.isnat(rows["told_end"])
    rows["event_outcome"] = np.where(going, None, rows["event_outcome"]).astype(object)
    again = take(rows, np.flatnonzero(rows["two_outcomes"]))
    again["event_outcome"] = np.full(size(again), "NFA: Other", dtype=object)
    return concat([rows, again])


def _local_rows(world: World, council: str, seed: int) -> tuple[list[tuple[Submission, Table]], DirtLog, np.ndarray]:
    """The rows of every file of a council, and which of its events they tell of."""
    feed = f"{council}_client_level_data"
    rng, log = rng_for(seed, f"send {feed}"), DirtLog(feed)
    everything = of_world(world, seed)
    events = take(everything, np.flatnonzero(everything["council"] == council))
    plan = submissions(world)
    told = _told(events, feed, plan, rng, log)
    told |= {f"is_{name}": values for name, values in _persons(world, events, feed, rng, log, council).items()}
    died = world.people["died_on"][told["person"]]
    if council == "essex" and len(plan) > 1:
        # the last but one lacked rows, and came again
        late = plan[-2]
        plan[-2:-1] = [
            Submission(late.end, late.delivered, 1),
            Submission(late.end, late.delivered + np.timedelta64(9, "D")),
        ]
    files = []
    for place, one in enumerate(plan):
        rows = _in_submission(told, one, place == len(plan) - 1, OVERRUN[council], died)
        if one.part:
            rows = take(rows, np.flatnonzero(rng.random(size(rows)) > 0.12))
            log.add("submission_lacks_rows", words([_name(council, one)]), stands=False)
        again = np.flatnonzero(rng.random(size(rows)) < rate("duplicate_row", feed))
        log.add("duplicate_row", words([f"event {number}" for number in rows["event_no"][again]]), stands=False)
        rows = concat([rows, take(rows, again)])
        rows = take(rows, np.lexsort((rows["event_type"].astype(str), rows["event_no"])))
        files.append((one, rows))
    return files, log, events["event_no"]


def _name(council: str, one: Submission) -> str:
    return FILE[council].format(one.end.astype(dt.date), "_part" if one.part else "")


def _worded(rows: Table, one: Submission) -> Table:
    """As it is written: in words of release 1 or 2."""
    old = rows["old_words"] | (one.end < RELEASE_2)
    shown = {}
    for name in WORDED:
        shown[name] = words([RELEASE_1.get(v, v) if o else v for v, o in zip(rows[name], old, strict=True)])
    typed = ~np.equal(rows["component_text"], None)
    shown["service_component"] = np.where(typed, rows["component_text"], shown["service_component"])
    return shown


FIELDS = [
    "Record No",
    "LA Code",
    "Reporting Period Start Date",
    "Reporting Period End Date",
    "NHS Number",
    "LA Person Unique Identifier",
    "Last Name",
    "First Name",
    "GP Practice Code",
    "Gender",
    "Ethnicity",
    "Date of Birth",
    "Date of Death",
    "Client Type",
    "Primary Support Reason",
    "Postcode",
    "Accommodation Status",
    "Event Type",
    "Event Reference",
    "Event Start Date",
    "Event End Date",
    "Event Outcome",
    "Request: Route of Access",
    "Assessment Type",
    "Service Type",
    "Service Component",
    "Delivery Mechanism",
    "Unit Cost",
    "Cost Frequency Unit Type",
    "Planned Units Per Week",
]
NAMES, NUMBER = ("Last Name", "First Name"), "NHS Number"


def _columns(rows: Table, one: Submission, council: str) -> dict[str, np.ndarray]:
    count = size(rows)
    form = "%Y-%m-%d" if council == "southend" else "%d/%m/%Y"

    def date(values: np.ndarray) -> np.ndarray:
        return clock.text(values, form)

    def number(values: np.ndarray) -> np.ndarray:
        return words(["" if np.isnan(value) else f"{value:g}" for value in values])

    shown = _worded(rows, one)
    nobody = rows["nobody"]
    period = [clock.text(np.array([day]), form)[0] for day in (one.begin, one.end)]
    return {
        "Record No": words([str(place + 1) for place in range(count)]),
        "LA Code": rows["organisation_code"],
        "Reporting Period Start Date": words([period[0]] * count),
        "Reporting Period End Date": words([period[1]] * count),
        NUMBER: np.where(nobody, "", formats.plain(rows["is_nhs_number"])),
        "LA Person Unique Identifier": np.where(nobody, "", rows["local_patient_id"]),
        "Last Name": rows["is_family_name"],
        "First Name": rows["is_given_name"],
        "GP Practice Code": formats.plain(rows["is_gp_practice_code"]),
        "Gender": words([GENDER[code] for code in rows["is_sex_code"]]),
        "Ethnicity": words([ETHNICITY[code] for code in rows["is_ethnic_category_code"]]),
        "Date of Birth": date(rows["is_birth_date"]),
        "Date of Death": date(rows["died_on"]),
        "Client Type": words([CLIENT[code] for code in rows["client_type"]]),
        "Primary Support Reason": rows["primary_support_reason"],
        "Postcode": formats.plain(rows["is_postcode"]),
        "Accommodation Status": rows["accommodation_status"],
        "Event Type": words([code.capitalize() for code in rows["event_type"]]),
        "Event Reference": words([f"E{code}-{place % 7}" for place, code in enumerate(rows["event_no"])]),
        "Event Start Date": date(rows["started_on"]),
        "Event End Date": date(rows["told_end"]),
        "Event Outcome": formats.plain(shown["event_outcome"]),
        "Request: Route of Access": formats.plain(
            np.where(rows["event_type"] == "request", shown["route_of_access"], None)
        ),
        "Assessment Type": formats.plain(rows["assessment_type"]),
        "Service Type": formats.plain(shown["service_type"]),
        "Service Component": formats.plain(shown["service_component"]),
        "Delivery Mechanism": formats.plain(shown["delivery_mechanism"]),
        "Unit Cost": number(rows["unit_cost"]),
        "Cost Frequency Unit Type": formats.plain(rows["cost_frequency"]),
        "Planned Units Per Week": number(rows["units_per_week"]),
    }


# Where Southend keeps each field.
JSON_PATH = {
    "Record No": "recordNo",
    "LA Code": "submission.laCode",
    "Reporting Period Start Date": "submission.periodStart",
    "Reporting Period End Date": "submission.periodEnd",
    NUMBER: "person.nhsNumber",
    "LA Person Unique Identifier": "person.liquidlogicId",
    "GP Practice Code": "person.gpPractice",
    "Gender": "person.gender",
    "Ethnicity": "person.ethnicity",
    "Date of Birth": "person.dateOfBirth",
    "Date of Death": "person.dateOfDeath",
    "Client Type": "person.clientType",
    "Primary Support Reason": "person.primarySupportReason",
    "Postcode": "person.postcode",
    "Accommodation Status": "person.accommodation",
    "Event Type": "event.type",
    "Event Reference": "event.reference",
    "Event Start Date": "event.start",
    "Event End Date": "event.end",
    "Event Outcome": "event.outcome",
    "Request: Route of Access": "event.routeOfAccess",
    "Assessment Type": "event.assessmentType",
    "Service Type": "event.service.type",
    "Service Component": "event.service.component",
    "Delivery Mechanism": "event.service.delivery",
    "Unit Cost": "event.cost.unitCost",
    "Cost Frequency Unit Type": "event.cost.frequency",
    "Planned Units Per Week": "event.cost.unitsPerWeek",
}
NUMBERS = ("Unit Cost", "Planned Units Per Week")


def _as_json(columns: dict[str, np.ndarray]) -> bytes:
    lines = []
    for row in range(len(columns["Record No"])):
        record: dict = {}
        for field, path in JSON_PATH.items():
            *steps, last = path.split(".")
            inner = record
            for step in steps:
                inner = inner.setdefault(step, {})
            value = columns[field][row] or None
            inner[last] = float(value) if value and field in NUMBERS else value
        lines.append(json.dumps(record, ensure_ascii=False) + "\n")
    return "".join(lines).encode()


def _as_text(columns: dict[str, np.ndarray], council: str) -> bytes:
    left_out = NAMES if council == "essex" else (NUMBER,)
    header = [field for field in FIELDS if field not in left_out]
    delimiter = "," if council == "essex" else "|"

    def quoted(value: str) -> str:
        return f'"{value}"' if delimiter in value else value

    body = [words([quoted(value) for value in columns[field]]) for field in header]
    return "".join(formats.delimited(header, body, delimiter)).encode()


def send_client_level(world: World, council: str, landing: Path, seed: int) -> Sent:
    """The records of `Sent` are the council's events, in the order of the truth."""
    files, log, numbers = _local_rows(world, council, seed)
    place = {number: row for row, number in enumerate(numbers.tolist())}
    until = np.full(len(numbers), np.datetime64("NaT"), dtype="datetime64[s]")
    sent, kept = 0, []
    for one, rows in files:
        if not size(rows):
            continue
        columns = _columns(rows, one, council)
        content = _as_json(columns) if council == "southend" else _as_text(columns, council)
        formats.leave(landing / council / _name(council, one), content, one.delivered)
        here = np.array([place[number] for number in rows["event_no"].tolist()])
        until[here] = one.delivered
        sent += size(rows)
        kept.append((one, rows))
    world.__dict__.setdefault("client_level_rows", {})[council] = kept
    dirt, feed = log.columns(), f"{council}_client_level_data"
    known = {number for _, rows in kept for number in rows["event_no"].tolist()}
    shown = np.array([one[:6] != "event " or int(one[6:]) in known for one in dirt["record_id"]], dtype=bool)
    dirt = take(dirt, shown) | {"file": words([""] * int(shown.sum())), "feed": words([feed] * int(shown.sum()))}
    return Sent(feed, len(kept), sent, dirt, until, ~np.isnat(until))


PARTNERS: tuple[tuple[str, Callable[[World, Path, int], Sent]], ...] = tuple(
    (
        f"{council} client level data",
        lambda world, landing, seed, council=council: send_client_level(world, council, landing, seed),
    )
    for council in COUNCILS
)


# --- truth -----------------------------------------------------------------------------------------------------------


def social_tables(world: World, sent: dict[str, Sent]) -> dict[str, Table]:
    """Truth tables: `social_care_event`, what happened; `client_level_row`, what each submission says of it."""
    events = world.__dict__["social_events"]
    delivered, until = np.zeros(size(events), dtype=bool), np.full(size(events), np.datetime64("NaT"), "datetime64[s]")
    parts = []
    for council in COUNCILS:
        one = sent[f"{council}_client_level_data"]
        here = np.flatnonzero(events["council"] == council)
        delivered[here], until[here] = one.delivered, one.known_until
        for submission, rows in world.__dict__["client_level_rows"][council]:
            count = size(rows)
            row = {
                "organisation_code": rows["organisation_code"],
                "period_start": np.full(count, submission.begin),
                "period_end": np.full(count, submission.end),
                "delivered_at": np.full(count, submission.delivered),
                "record_no": np.arange(count) + 1,
                "person_no": rows["person"],
                "has_person": ~rows["nobody"],
                "started_on": rows["started_on"],
                "told_end": rows["told_end"],
                "told_death": rows["died_on"],
                "outcome_rank": np.array([RANK.get(value, 99) for value in rows["event_outcome"]]),
                "route_of_access": np.where(rows["event_type"] == "request", rows["route_of_access"], None),
            }
            same = "event_no client_type event_type assessment_type service_type service_component component_text"
            parts.append(row | {name: rows[name] for name in same.split()})
    happened = {"person_no": events["person"]} | {name: values for name, values in events.items() if name != "person"}
    happened |= {"is_delivered": delivered, "known_until": until}
    return {"social_care_event": happened} | ({"client_level_row": concat(parts)} if parts else {})
