"""Outpatient appointments and the waiting list of the acute trust: one extract each for its three hospitals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from orchestration.demo import clock, delivery, formats, restricted_codes
from orchestration.demo.council_feeds import weekly
from orchestration.demo.dirt import DirtLog, rate
from orchestration.demo.hospital import SEX, mapped
from orchestration.demo.identity import identity
from orchestration.demo.planned_care import BOOKED, DAY, NEVER, of_world
from orchestration.demo.rates import SITES, weekday_of
from orchestration.demo.sending import Sent, pick, send
from orchestration.demo.table import Table, concat, listed, rng_for, size, take, words
from orchestration.demo.world import World

OUTPATIENTS, WAITING = "outpatient_appointments", "waiting_list"
SITE = {"RAJ01": "SUH", "RAJ12": "BAS", "RAJ32": "BRM"}
FORMER = {"RAJ12": "RDD", "RAJ32": "RQ8"}  # who issued pathway numbers there before the merger
APPOINTMENT_HEADER = listed(
    "Site AppointmentID NHSNumber NHSNumberStatus HospitalNumber Surname Forename DateOfBirth Gender EthnicCategory "
    "Postcode PracticeCode BookedDate AppointmentDate FirstAttendance AttendedOrDNA Outcome Priority ReferralSource "
    "TreatmentFunction PathwayID"
).tolist()
WAITING_HEADER = listed(
    "Week_Ending_Date Waiting_List_Type Patient_Pathway_Identifier PPI_Issuer Referral_Identifier "
    "RTT_Period_Start_Date RTT_Period_Status Referral_Request_Received_Date Source_Of_Referral TFC Site "
    "NHS_Number NHS_Number_Status Hospital_Number Date_Of_Birth Gender Ethnic_Category Postcode GP_Practice "
    "Priority_Type Procedure_Priority_Code Decision_To_Admit_Date TCI_Date Outpatient_Appointment_Date "
    "Date_Last_Attended Last_PAS_Validation_Date"
).tolist()
PRIORITY = {"1": "routine", "2": "urgent", "3": "two week wait"}
LOCAL_FUNCTION, SEXUAL_HEALTH = "ORTHO", "360"
GENDER = SEX["southend"]


def _hospital_number(people: Table, site: np.ndarray, who: np.ndarray) -> np.ndarray:
    number = np.empty(len(who), dtype=object)
    for code in SITES:
        here = np.flatnonzero(site == code)
        number[here] = people[f"local_id_{code}"][who[here]]
    return number


def _with_identity(world: World, table: Table, when: np.ndarray, ids: np.ndarray, feed: str, rng, log: DirtLog) -> None:
    table |= identity(world.people, table["person"], clock.midnight(when), ids, feed, rng, log)
    table["local_patient_id"] = _hospital_number(world.people, table["site_code"], table["person"])


def _restricted(
    world: World, feed: str, table: Table, told: np.ndarray, when: np.ndarray, ids: np.ndarray, log: DirtLog, seed: int
) -> None:
    adult = restricted_codes.is_adult(world.people, table["person"], when)
    known = ~np.equal(table["treatment_function_code"], None).astype(bool)
    here, _ = restricted_codes.pick(feed, seed, told & adult & known, 2)
    sent = words([SEXUAL_HEALTH] * len(here))
    restricted_codes.in_place(table, "treatment_function_code", here, sent, ids, log)


# --- appointments ----------------------------------------------------------------------------------------------------


def appointment_ids(table: Table) -> np.ndarray:
    return table["site_code"] + np.full(size(table), ":", dtype=object) + table["appointment_no"]


def send_appointments(world: World, landing: Path, seed: int) -> Sent:
    feed = OUTPATIENTS
    rng, log = rng_for(seed, f"send {feed}"), DirtLog(feed)
    care = of_world(world, seed)
    table = {name: values.copy() for name, values in care.appointments.items()}
    ids, count = appointment_ids(table), size(table)
    _with_identity(world, table, table["booked_on"], ids, feed, rng, log)
    table["pathway_no"] = words([""] * count)
    here = np.flatnonzero(table["pathway"] >= 0)
    table["pathway_no"][here] = care.pathways["pathway_no"][table["pathway"][here]]
    chosen = pick(rng, feed, ["specialty_local", "specialty_missing"], np.ones(count, dtype=bool))
    table["treatment_function_code"][chosen["specialty_local"]] = LOCAL_FUNCTION
    log.add("specialty_local", ids[chosen["specialty_local"]], "treatment_function_code", LOCAL_FUNCTION)
    table["treatment_function_code"][chosen["specialty_missing"]] = None
    log.add("specialty_missing", ids[chosen["specialty_missing"]], "treatment_function_code")
    came = np.isin(table["attendance_code"], ("5", "6"))
    here = pick(rng, feed, ["outcome_missing"], came)["outcome_missing"]
    table["outcome_code"][here] = None
    log.add("outcome_missing", ids[here], "outcome_code")

    plan = delivery.Schedule()
    delivery.months(plan, world.period, world.period.end, "MSEFT_OP_{day:%Y%m}.csv", 6, 15)
    booked = clock.midnight(table["booked_on"])
    over = clock.midnight(table["appointment_date"] + DAY) - np.timedelta64(6 * 3600, "s")
    sent = delivery.deliver(plan, booked, booked, [over], ids, feed, rng, log)
    log.add("untypable_date", ids[sent.untypable], "appointment_date", "31 February")
    told = sent.delivered & ~sent.untypable & (table["treatment_function_code"] != LOCAL_FUNCTION)
    _restricted(world, feed, table, told, table["booked_on"], ids, log, seed)
    record = sent.rows["record"]
    rows = take(table, record)
    early = delivery.hidden(over, sent, plan)
    code = np.where(early, BOOKED, rows["attendance_code"])
    # what is corrected later was first said not to have come
    code = np.where(sent.rows["is_wrong"] & ~early, "3", code).astype(object)
    outcome = np.where(early | sent.rows["is_wrong"], None, rows["outcome_code"])
    day = clock.text(rows["appointment_date"], "%Y-%m-%d")
    british = clock.text(rows["appointment_date"], "%d/%m/%Y")
    day = np.where(rows["site_code"] == "RAJ12", british, day)
    odd = words([f"31/02/{text[-4:]}" for text in british])
    columns = [
        mapped(rows["site_code"], SITE),
        rows["appointment_no"],
        formats.plain(rows["nhs_number"]),
        rows["nhs_number_status_code"],
        rows["local_patient_id"],
        rows["family_name"],
        rows["given_name"],
        clock.text(rows["birth_date"], "%Y-%m-%d"),
        mapped(rows["sex_code"], GENDER),
        rows["ethnic_category_code"],
        formats.plain(rows["postcode"]),
        formats.plain(rows["gp_practice_code"]),
        clock.text(rows["booked_on"], "%Y-%m-%d"),
        np.where(sent.untypable[record], odd, day),
        rows["first_attendance_code"],
        code,
        formats.plain(outcome),
        rows["priority_code"],
        rows["referral_source_code"],
        formats.plain(rows["treatment_function_code"]),
        rows["pathway_no"],
    ]

    def write(part: slice, name: str, defect: str) -> bytes:
        lines = formats.delimited(APPOINTMENT_HEADER, [column[part] for column in columns], ",")
        return "".join(lines).encode()

    return send(feed, landing / "mseft", plan, sent, ids, log, write)


# --- waiting list ----------------------------------------------------------------------------------------------------


@dataclass
class Listing:
    """What the weekly lists say: pathways as they are written (`row` is that of the truth, -1 for an error that never
    waited), and from when to when each is on a list of `weeks`."""

    table: Table
    first_week: np.ndarray
    last_week: np.ndarray
    log: DirtLog


def waiting_ids(table: Table) -> np.ndarray:
    return words([f"RAJ:{one}/{other}" for one, other in zip(table["pathway_no"], table["referral_no"], strict=True)])


def _listing(world: World, weeks: np.ndarray, seed: int) -> Listing:
    """The pathways as the trust has them: identity, and what is wrong with them, F 2.4.3."""
    rng, log = rng_for(seed, f"send {WAITING}"), DirtLog(WAITING)
    truth = of_world(world, seed).pathways
    real = size(truth)
    table = {name: values.copy() for name, values in truth.items()}
    table["row"] = np.arange(real)
    # pathways that nobody closed: on the list for years
    forgotten = np.flatnonzero(rng.random(real) < rate("waits_over_104_weeks", WAITING))
    stale = take(table, forgotten)
    stale["row"] = np.full(len(forgotten), -1)
    stale["started_on"] = stale["started_on"] - rng.integers(800, 1500, len(forgotten)) * DAY
    stale["stopped_on"] = np.full(len(forgotten), np.datetime64(world.period.end, "D") + 400 * DAY)
    stale["first_seen_on"], stale["decided_on"] = np.full(len(forgotten), NEVER), np.full(len(forgotten), NEVER)
    stale["pathway_no"] = words([f"9{number[1:]}" for number in stale["pathway_no"]])
    stale["list_before"] = np.full(len(forgotten), "ORTT", dtype=object)
    stale["status_before"] = np.full(len(forgotten), "20", dtype=object)
    table = concat([table, stale])
    count = size(table)
    letter = np.array([SITE[code][0] for code in table["site_code"]], dtype=object)
    table["referral_no"] = words([f"R{a}{b[::-1]}" for a, b in zip(letter, table["pathway_no"], strict=True)])
    # numbers that two of the hospitals gave to different people
    here = np.flatnonzero((table["row"] >= 0) & (table["site_code"] == "RAJ12"))
    here = here[rng.random(len(here)) < rate("pathway_number_twice", WAITING)]
    other = np.flatnonzero(table["site_code"] == "RAJ32")
    if len(other):
        table["pathway_no"][here] = table["pathway_no"][rng.choice(other, len(here), replace=len(here) > len(other))]
    else:
        here = here[:0]
    ids = waiting_ids(table)
    log.add("pathway_number_twice", ids[here], "pathway_no")
    log.add("waits_over_104_weeks", ids[real:], "started_on", clock.text(table["started_on"][real:], "%Y-%m-%d"))
    _with_identity(world, table, table["started_on"], ids, WAITING, rng, log)

    on_rtt = np.isin(table["list_before"], ("ORTT",)) & (table["row"] >= 0)
    chosen = pick(rng, WAITING, ["clock_starts_after_census", "specialty_missing"], on_rtt)
    here = chosen["clock_starts_after_census"]
    table["clock_start"] = table["started_on"].copy()
    table["clock_start"][here] = table["started_on"][here] + 731 * DAY
    log.add("clock_starts_after_census", ids[here], "started_on", clock.text(table["clock_start"][here], "%Y-%m-%d"))
    here = chosen["specialty_missing"]
    table["treatment_function_code"][here] = None
    log.add("specialty_missing", ids[here], "treatment_function_code")
    decided = ~np.isnat(table["decided_on"])
    table["tci_missed"] = decided & (rng.random(count) < rate("tci_in_the_past", WAITING))
    log.add("tci_in_the_past", ids[table["tci_missed"]], "tci_date")
    table["on_two_lists"] = decided & (rng.random(count) < rate("on_two_lists", WAITING))
    log.add("on_two_lists", ids[table["on_two_lists"]], "list_before", "ORTT")
    moved = np.isin(table["site_code"], list(FORMER)) & (rng.random(count) < rate("listed_twice_after_merger", WAITING))
    table["listed_twice"] = moved
    log.add("listed_twice_after_merger", ids[moved], "issuer")

    # on the list from the first Sunday on or after the start until the Sunday before the stop
    gone = table["stopped_on"].copy()
    lingers = table["died"] & (rng.random(count) < rate("dead_on_the_list", WAITING))
    early = np.flatnonzero(table["died"] & (table["stopped_on"] >= weeks[:1].max(initial=np.datetime64("1970-01-01"))))
    lingers[early[np.argsort(table["stopped_on"][early])[:1]]] = True  # one there is
    gone[lingers] = gone[lingers] + rng.integers(20, 80, int(lingers.sum())) * DAY
    table["gone_on"] = gone
    first_week = np.searchsorted(weeks, table["started_on"], side="left")
    last_week = np.searchsorted(weeks, gone, side="left") - 1
    shown = last_week >= np.searchsorted(weeks, table["stopped_on"], side="left")
    log.add("dead_on_the_list", ids[lingers & shown & (last_week >= first_week)])
    on_a_list = np.minimum(last_week, len(weeks) - 1) >= first_week
    _restricted(world, WAITING, table, on_a_list & (table["row"] >= 0), table["started_on"], ids, log, seed)
    return Listing(table, first_week, last_week, log)


def _written(table: Table) -> Table:
    """What every week says of a pathway alike, written once; several columns of the file in one text."""

    def date(values: np.ndarray) -> np.ndarray:
        return clock.text(values, "%Y-%m-%d")

    about = [
        date(table["started_on"]),
        table["referral_source_code"],
        formats.plain(table["treatment_function_code"]),
        mapped(table["site_code"], SITE),
        formats.plain(table["nhs_number"]),
        table["nhs_number_status_code"],
        table["local_patient_id"],
        date(table["birth_date"]),
        mapped(table["sex_code"], GENDER),
        table["ethnic_category_code"],
        formats.plain(table["postcode"]),
        formats.plain(table["gp_practice_code"]),
        mapped(table["priority_code"], PRIORITY),
    ]
    return {
        "number": table["pathway_no"],
        "referral": words(list(map(",".join, zip(table["referral_no"], date(table["clock_start"]), strict=True)))),
        "about": words(list(map(",".join, zip(*about, strict=True)))),
        "procedure": formats.plain(table["procedure_priority_code"]),
        "former": words([FORMER.get(code, "RAJ") for code in table["site_code"]]),
        "started": date(table["started_on"]),
        "stopped": date(table["stopped_on"]),
        "seen": date(table["first_seen_on"]),
        "decided": date(table["decided_on"]),
        "missed": date(table["decided_on"] + 12 * DAY),
    }


def _week_columns(
    listing: Listing, written: Table, place: int, day: np.datetime64
) -> tuple[np.ndarray, list[np.ndarray]]:
    """The list of one Sunday, with a second row for those that are listed twice, and the pathway of each row."""
    table = listing.table
    here = np.flatnonzero((listing.first_week <= place) & (place <= listing.last_week))
    both = here[table["on_two_lists"][here] & (table["decided_on"][here] <= day)]
    before = here[table["listed_twice"][here]]
    row = np.concatenate([here, both, before])
    kind = np.repeat([0, 1, 2], [len(here), len(both), len(before)])
    order = np.lexsort((kind, row))
    row, kind = row[order], kind[order]
    # the old system never heard of the decision
    decided = (table["decided_on"][row] <= day) & (kind < 2)
    seen = (table["first_seen_on"][row] <= day) & (kind < 2)
    code = np.where(decided & (kind == 0), table["list_after"][row], table["list_before"][row]).astype(object)
    notice = table["stopped_on"] - table["notice_days"].astype("timedelta64[D]")
    tci = np.where(decided & (notice[row] <= day) & (table["stopped_on"][row] > day), written["stopped"][row], "")
    late = decided & table["tci_missed"][row] & (table["decided_on"][row] + 12 * DAY < day)
    booked = ~seen & (table["first_seen_on"][row] - day <= 42 * DAY) & (table["first_seen_on"][row] > day)
    for_procedure = np.isin(code, ("IRTT", "INON")) & (kind == 0)
    recent = table["started_on"][row] > day - 60 * DAY
    return row, [
        np.full(len(row), str(day), dtype=object),
        code,
        written["number"][row],
        np.where(kind == 2, written["former"][row], "RAJ").astype(object),
        written["referral"][row],
        np.where(seen, table["status_after"][row], table["status_before"][row]).astype(object),
        written["about"][row],
        np.where(for_procedure, written["procedure"][row], "").astype(object),
        np.where(decided, written["decided"][row], "").astype(object),
        np.where(late, written["missed"][row], tci).astype(object),
        np.where(booked, written["seen"][row], "").astype(object),
        np.where(seen, written["seen"][row], "").astype(object),
        np.where(recent, written["started"][row], str(day - 60 * DAY)).astype(object),
    ]


def census_weeks(world: World) -> tuple[delivery.Schedule, np.ndarray]:
    """The files, and the Sundays that they tell of."""
    plan = weekly(world, "MSEFT_WLMDS", 8)
    days = world.period.days
    sundays = days[weekday_of(days) == 6]
    return plan, sundays[clock.midnight(sundays + DAY) <= plan.covers_until[-1]] if len(plan) else sundays[:0]


def send_waiting_list(world: World, landing: Path, seed: int) -> Sent:
    """Every file holds the lists of its weeks whole. The records of `Sent` are the pathways of the truth."""
    plan, weeks = census_weeks(world)
    listing = _listing(world, weeks, seed)
    rng, log = rng_for(seed, f"rows of {WAITING}"), listing.log
    real = int((listing.table["row"] >= 0).sum())
    files, sent_rows, begin = 0, 0, 0
    ids, written = waiting_ids(listing.table), _written(listing.table)
    header = ",".join(WAITING_HEADER) + "\n"
    for name, covers, delivered in zip(plan.names, plan.covers_until, plan.deliver, strict=True):
        lines = [header]
        while begin < len(weeks) and clock.midnight(weeks[begin] + DAY) <= covers:
            row, columns = _week_columns(listing, written, begin, weeks[begin])
            twice = rng.random(len(row)) < rate("duplicate_row", WAITING)
            log.add("duplicate_row", words([f"{weeks[begin]}|{one}" for one in ids[row[twice]]]), stands=False)
            again = np.repeat(np.arange(len(row)), 1 + twice)
            lines += [line + "\n" for line in map(",".join, zip(*[column[again] for column in columns], strict=True))]
            sent_rows += len(again)
            begin += 1
        formats.leave(landing / "mseft" / name, "".join(lines).encode(), delivered)
        files += 1
    dirt = log.columns()
    on_a_list = np.minimum(listing.last_week, len(weeks) - 1) >= listing.first_week
    shown = set(ids[on_a_list].tolist())
    kept = np.array([one in shown or "|" in one for one in dirt["record_id"]], dtype=bool)
    dirt = take(dirt, kept) | {"file": words([""] * int(kept.sum())), "feed": words([WAITING] * int(kept.sum()))}
    last = np.clip(np.minimum(listing.last_week, len(weeks) - 1), 0, None)[:real]
    until = clock.midnight(weeks[last] + DAY) if len(weeks) else np.full(real, np.datetime64("NaT"), "datetime64[s]")
    return Sent(WAITING, files, sent_rows, dirt, until, on_a_list[:real])


PARTNERS: tuple[tuple[str, Callable[[World, Path, int], Sent]], ...] = (
    ("outpatient appointments", send_appointments),
    ("waiting list", send_waiting_list),
)


# --- truth -----------------------------------------------------------------------------------------------------------


def planned_tables(world: World, sent: dict[str, Sent]) -> dict[str, Table]:
    """Truth tables: `waiting_pathway`, `outpatient_appointment`, `waiting_deteriorating`."""
    care = world.__dict__["planned_care"]

    def told(feed: str) -> Table:
        return {"is_delivered": sent[feed].delivered, "known_until": sent[feed].known_until}

    pathways = {"person_no": care.pathways["person"]} | care.pathways
    appointments = {"appointment_id": appointment_ids(care.appointments), "person_no": care.appointments["person"]}
    appointments |= care.appointments
    for table in (pathways, appointments):
        del table["person"]
    return {
        "waiting_pathway": pathways | told(WAITING),
        "outpatient_appointment": appointments | told(OUTPATIENTS),
        "waiting_deteriorating": {
            "person_no": care.deteriorating["person"],
            "from_date": care.deteriorating["from_date"],
        },
    }
