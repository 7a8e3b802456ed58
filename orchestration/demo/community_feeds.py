"""What the community and mental-health providers send: beds of every ward and day, and the stays in them.

EPUT writes Windows-1252 CSV, Provide Excel workbooks, NELFT has a reporting database that is read: its rows change in
place and say when (`updated_at`).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from orchestration.demo import clock, delivery, formats, hospital, rates
from orchestration.demo.dirt import DirtLog, rate
from orchestration.demo.identity import identity
from orchestration.demo.sending import Sent, pick, send
from orchestration.demo.table import Table, listed, rng_for, size, take, words
from orchestration.demo.world import World

PARTNERS = ("eput", "nelft", "provide")
WARD_COLUMNS = listed(
    "snapshot_date ward_code ward_name site_code bed_type_code beds_open beds_occupied beds_closed closed_reason"
)
STAY_COLUMNS = listed(
    "stay_id nhs_number local_patient_id family_name given_name birth_date sex_code postcode gp_practice_code "
    "ward_code bed_type_code admitted_on admission_source_code referring_site_code ready_on pathway_code "
    "delay_reason_code local_authority_code discharged_on discharge_destination_code"
)
DATES = ("snapshot_date", "birth_date", "admitted_on", "ready_on", "discharged_on")
NUMBERS = ("beds_open", "beds_occupied", "beds_closed")
HEADERS = {
    "eput_ward_beds": "Snapshot Date|Ward Code|Ward|Unit|Ward Type|Beds Open|Beds Occupied|Beds Closed|Reason Closed",
    "eput_inpatient_stays": (
        "Spell ID|NHS No|Client ID|Surname|Forename|DOB|Gender|Postcode|GP Practice|Ward Code|Ward Type|Admission Date|"
        "Source of Admission|Referring Site|Clinically Ready Date|Pathway|Delay Reason|Local Authority|Discharge Date|"
        "Discharge Destination"
    ),
    "provide_ward_beds": "Date|Ward ref|Ward|Hospital|Bed type|Open|Occupied|Closed|Why closed",
    "provide_inpatient_stays": (
        "Stay ref|NHS number|Patient ref|Last name|First name|Date of birth|Sex|Post code|Practice|Ward ref|Bed type|"
        "Admitted|Admitted from|Referred by|Ready for discharge|Pathway|Reason for delay|Council|Discharged|"
        "Discharged to"
    ),
    "nelft_ward_beds": (
        "snapshot_date|ward_id|ward_name|site_id|specialty|open_beds|occupied_beds|closed_beds|closure_note"
    ),
    "nelft_inpatient_stays": (
        "stay_id|nhs_number|rio_id|surname|forename|date_of_birth|gender|postcode|gp_practice|ward_id|specialty|"
        "admission_date|admission_source|referring_site|ready_date|pathway|delay_reason|local_authority|"
        "discharge_date|discharge_destination"
    ),
}
BED_TYPE = {
    "eput": {
        "intermediate_care": "IMC",
        "stroke_rehab": "STR",
        "mh_adult_acute": "AAW",
        "mh_older_adult": "OAW",
        "mh_intensive_care": "PICU",
        "mh_rehab": "MHR",
    },
    "nelft": {"intermediate_care": "REHAB", "stroke_rehab": "STROKE", "mh_older_adult": "MH-OLDER"},
    "provide": {
        "intermediate_care": "Intermediate care",
        "stroke_rehab": "Stroke rehabilitation",
        "step_up": "Step-up",
        "hospice": "Hospice",
    },
}
REASONS = ("HP", "WB", "TH", "IF", "CAP-P1", "CAP-P2", "CAP-P3", "PF", "HO")
LOCAL = {
    "eput": {
        "site_code": {"R1L01": "Rochford Hospital", "R1L02": "Cumberlege Centre", "R1L03": "The Linden Centre"},
        "sex_code": {"1": "M", "2": "F", "9": "I", "X": "U"},
        "delay_reason_code": {code: f"DTC0{place}" for place, code in enumerate(REASONS, start=1)},
        "local_authority_code": {"E10000012": "ECC", "E06000033": "SCC", "E06000034": "TC", "OTHER": "OTH"},
    },
    "nelft": {
        "site_code": {"RAT01": "BCH", "RAT02": "TCH"},
        "sex_code": {"1": "1", "2": "2", "9": "9", "X": "0"},
        "admission_source_code": {"51": "hospital", "19": "home", "54": "care_home"},
        "delay_reason_code": {code: code.lower() for code in REASONS},
        "local_authority_code": {
            "E10000012": "essex",
            "E06000033": "southend",
            "E06000034": "thurrock",
            "OTHER": "other",
        },
        "discharge_destination_code": {"19": "home", "54": "care_home", "51": "hospital", "79": "died"},
    },
    "provide": {
        "site_code": {"NPR01": "St Peter's, Maldon", "NPR02": "Braintree Community", "NPR03": "Halstead"},
        "sex_code": {"1": "Male", "2": "Female", "9": "Indeterminate", "X": "Not known"},
        "admission_source_code": {"51": "Acute hospital", "19": "Home", "54": "Care home"},
        "delay_reason_code": {
            "HP": "Hospital process",
            "WB": "Wellbeing or safeguarding",
            "TH": "Transfer of care hub",
            "IF": "Funding or equipment",
            "CAP-P1": "Waiting for home care",
            "CAP-P2": "Waiting for a community bed",
            "CAP-P3": "Waiting for a care home",
            "PF": "Patient or family",
            "HO": "Housing",
        },
        "local_authority_code": {
            "E10000012": "Essex County Council",
            "E06000033": "Southend-on-Sea City Council",
            "E06000034": "Thurrock Council",
            "OTHER": "Other council",
        },
        "discharge_destination_code": {"19": "Home", "54": "Care home", "51": "Acute hospital", "79": "Died"},
    },
}
FREE_TEXT_REASON = ("awaiting POC", "family looking at homes", "see notes", "? EDD", "brokerage")
OTHER_SOURCE = {"eput": "29", "nelft": "19", "provide": "19"}


@dataclass(frozen=True)
class Habit:
    """When a feed's files are made: their names, and the hour of delivery."""

    month: str
    day: str
    hour: int
    same_day: bool


HABITS = {
    "eput_ward_beds": Habit("EPUT_BED_STATE_{day:%Y%m}.csv", "EPUT_BED_STATE_{day:%Y%m%d}.csv", 10, True),
    "eput_inpatient_stays": Habit("EPUT_INPATIENTS_{day:%Y%m}.csv", "EPUT_INPATIENTS_{day:%Y%m%d}.csv", 7, False),
    "provide_ward_beds": Habit("Provide Bed State {day:%Y-%m}.xlsx", "Provide Bed State {day:%Y-%m-%d}.xlsx", 10, True),
    "provide_inpatient_stays": Habit(
        "Provide Inpatients {day:%Y-%m}.xlsx", "Provide Inpatients {day:%Y-%m-%d}.xlsx", 8, False
    ),
    "nelft_ward_beds": Habit("ward_beds {day:%Y%m}.jsonl", "ward_beds {day:%Y%m%d}.jsonl", 9, True),
    "nelft_inpatient_stays": Habit("inpatient_stays {day:%Y%m}.jsonl", "inpatient_stays {day:%Y%m%d}.jsonl", 9, True),
}


def schedule(world: World, feed: str) -> delivery.Schedule:
    """History in months, the last week in days. Nothing comes after the morning on which the demo ends."""
    habit, period = HABITS[feed], world.period
    last = period.end if habit.same_day or habit.hour <= 7 else period.end - dt.timedelta(days=1)
    daily = max(period.start, last - dt.timedelta(days=6))
    made = delivery.Schedule()
    delivery.months(made, period, daily - dt.timedelta(days=1), habit.month, 7, 0)
    delivery.days(made, daily, last, habit.day, habit.hour, 0, same_day=habit.same_day)
    return made


def _local(partner: str, rows: Table) -> Table:
    """The rows in the partner's codes. What has no local code is written as it is."""
    maps = LOCAL[partner] | {"bed_type_code": BED_TYPE[partner]}
    return {
        name: hospital.mapped(values, maps[name]) if name in maps and values.dtype == object else values
        for name, values in rows.items()
    }


def _mark(moments: np.ndarray, hour: int) -> np.ndarray:
    return clock.midnight(moments) + np.timedelta64(hour * 3600, "s")


# --- wards -----------------------------------------------------------------------------------------------------------


def ward_ids(days: np.ndarray, ward: np.ndarray) -> np.ndarray:
    return clock.text(days, "%Y-%m-%d") + words([f"|{code}" for code in ward])


def send_ward_beds(world: World, partner: str, landing: Path, seed: int) -> Sent:
    feed = f"{partner}_ward_beds"
    rng, log = rng_for(seed, f"send {feed}"), DirtLog(feed)
    ward_days = world.downstream.ward_days
    truth = take(ward_days, np.flatnonzero(ward_days["feed"] == feed))
    table = {name: values.copy() for name, values in truth.items()}
    ids = ward_ids(truth["snapshot_date"], truth["ward_code"])
    count = size(truth)
    # rows are in order of days, the wards of a day in the order of their codes
    wards = len(np.unique(truth["ward_code"].astype(str)))
    sunday = (rates.weekday_of(truth["snapshot_date"]) == 6) & (np.arange(count) >= wards)
    here = np.flatnonzero(sunday & (rng.random(count) < rate("carried_forward", feed) * 7))
    for name in NUMBERS:
        table[name][here] = truth[name][here - wards]
        log.add("carried_forward", ids[here], name, words([str(value) for value in table[name][here]]))
    free = ~np.isin(np.arange(count), here)
    here = pick(rng, feed, ["occupied_over_open"], free & (truth["beds_occupied"] > 0))["occupied_over_open"]
    table["beds_occupied"][here] = table["beds_open"][here] + rng.integers(1, 3, len(here))
    log.add("occupied_over_open", ids[here], "beds_occupied", words([str(v) for v in table["beds_occupied"][here]]))
    plan = schedule(world, feed)
    taken_at = _mark(truth["snapshot_date"], 8)
    sent = delivery.deliver(plan, taken_at, taken_at, [], ids, feed, rng, log)
    rows = take(table, sent.rows["record"])
    wrong = sent.rows["is_wrong"]
    rows["beds_occupied"] = np.where(wrong, np.maximum(rows["beds_occupied"] - 1, 0), rows["beds_occupied"])
    return _write(world, partner, feed, WARD_COLUMNS, landing, plan, sent, ids, log, rows, [taken_at], rng)


# --- stays -----------------------------------------------------------------------------------------------------------


def _spoil(partner: str, feed: str, table: Table, log: DirtLog, rng: np.random.Generator) -> None:
    ids, count = table["stay_id"], size(table)
    ready, left = ~np.isnat(table["ready_on"]), table["discharged_on"]
    chosen = pick(rng, feed, ["ready_after_discharge", "ready_date_missing"], ready)
    here = chosen["ready_after_discharge"]
    table["ready_on"][here] = left[here] + rng.integers(1, 20, len(here)).astype("timedelta64[D]")
    log.add("ready_after_discharge", ids[here], "ready_on", clock.text(table["ready_on"][here], "%Y-%m-%d"))
    here = chosen["ready_date_missing"]
    table["ready_on"][here] = np.datetime64("NaT")
    log.add("ready_date_missing", ids[here], "ready_on")
    here = pick(rng, feed, ["pathway_missing"], ready)["pathway_missing"]
    table["pathway_code"][here] = None
    log.add("pathway_missing", ids[here], "pathway_code")
    late = ~np.equal(table["delay_reason_code"], None).astype(bool)
    chosen = pick(rng, feed, ["delay_reason_missing", "delay_reason_free_text"], late)
    here = chosen["delay_reason_missing"]
    table["delay_reason_code"][here] = None
    log.add("delay_reason_missing", ids[here], "delay_reason_code")
    here = chosen["delay_reason_free_text"]
    table["delay_reason_code"][here] = words(list(FREE_TEXT_REASON))[rng.integers(0, len(FREE_TEXT_REASON), len(here))]
    log.add("delay_reason_free_text", ids[here], "delay_reason_code")
    here = pick(rng, feed, ["discharge_before_admission"], np.ones(count, dtype=bool))["discharge_before_admission"]
    left[here] = table["admitted_on"][here] - rng.integers(1, 30, len(here)).astype("timedelta64[D]")
    log.add("discharge_before_admission", ids[here], "discharged_on", clock.text(left[here], "%Y-%m-%d"))


def send_stays(world: World, partner: str, landing: Path, seed: int) -> Sent:
    feed = f"{partner}_inpatient_stays"
    rng, log = rng_for(seed, f"send {feed}"), DirtLog(feed)
    stays = world.downstream.stays
    truth = take(stays, np.flatnonzero(stays["feed"] == feed))
    table = {name: values.copy() for name, values in truth.items()}
    ids = truth["stay_id"]
    into, ready, out = _mark(truth["admitted_on"], 15), _mark(truth["ready_on"], 11), _mark(truth["discharged_on"], 13)
    out = np.maximum(into + np.timedelta64(3600, "s"), out)
    table |= identity(world.people, truth["person"], into, ids, feed, rng, log)
    _spoil(partner, feed, table, log, rng)
    plan = schedule(world, feed)
    sent = delivery.deliver(plan, into, into, [ready, out], ids, feed, rng, log, keep_alive=True)
    log.add("untypable_date", ids[sent.untypable], "admitted_on", "31 February")
    rows = take(table, sent.rows["record"])
    never = np.datetime64("NaT", "D")
    inside = delivery.hidden(out, sent, plan)
    rows["discharged_on"] = np.where(inside, never, rows["discharged_on"])
    rows["discharge_destination_code"] = np.where(inside, None, rows["discharge_destination_code"])
    early = delivery.hidden(np.where(np.isnat(ready), delivery.FAR, ready), sent, plan)
    rows["ready_on"] = np.where(early, never, rows["ready_on"])
    for name in ("pathway_code", "delay_reason_code"):
        rows[name] = np.where(early, None, rows[name])
    source = np.where(sent.rows["is_wrong"], OTHER_SOURCE[partner], rows["admission_source_code"])
    rows["admission_source_code"] = source.astype(object)
    return _write(world, partner, feed, STAY_COLUMNS, landing, plan, sent, ids, log, rows, [into, ready, out], rng)


# --- files -----------------------------------------------------------------------------------------------------------


def _write(
    world: World,
    partner: str,
    feed: str,
    columns: np.ndarray,
    landing: Path,
    plan: delivery.Schedule,
    sent: delivery.Delivery,
    ids: np.ndarray,
    log: DirtLog,
    rows: Table,
    moments: list[np.ndarray],
    rng: np.random.Generator,
) -> Sent:
    rows = _local(partner, rows)
    header = HEADERS[feed].split("|")
    impossible = sent.untypable[sent.rows["record"]]
    if partner == "nelft":
        from orchestration.demo import nelft

        changed = _changed_at(plan, sent, moments, rng)
        return nelft.send_tables(feed, header, columns, landing, plan, sent, ids, log, rows, changed)
    if partner == "eput":
        body = [_text(rows[name], name, impossible) for name in columns]

        def write(part: slice, name: str, defect: str) -> bytes:
            lines = formats.delimited(header, [column[part] for column in body], ",", "\r\n")
            return "".join(lines).encode("cp1252")
    else:
        sheet = "Beds" if feed.endswith("ward_beds") else "Inpatients"
        printed = words([f"Printed at 0{8 + m // 60}:{m % 60:02d}" for m in rng.integers(25, 85, len(plan))])
        title_of = dict(zip(plan.names, printed, strict=True))
        cells = [_cells(rows[name], name, impossible) for name in columns]

        def write(part: slice, name: str, defect: str) -> bytes:
            titles = [f"Provide CIC: community beds at 08:00. {title_of[name]}", ""] if sheet == "Beds" else []
            return formats.workbook(sheet, titles, header, [column[part] for column in cells])

    return send(feed, landing / partner, plan, sent, ids, log, write)


def _text(values: np.ndarray, name: str, impossible: np.ndarray) -> np.ndarray:
    if name in DATES:
        texts = clock.text(values, "%d/%m/%Y")
        return np.where(impossible, hospital.impossible(values, "%d/%m/%Y"), texts) if name == "admitted_on" else texts
    return words([str(value) for value in values]) if name in NUMBERS else formats.plain(values)


def _cells(values: np.ndarray, name: str, impossible: np.ndarray) -> list[str]:
    if name in NUMBERS:
        return formats.number_cells(values.tolist())
    if name not in DATES:
        return formats.text_cells(formats.plain(values))
    cells = formats.date_cells(values, False)
    if name == "admitted_on":
        odd = formats.text_cells(hospital.impossible(values, "%d/%m/%Y"))
        cells = [bad if no else cell for cell, bad, no in zip(cells, odd, impossible, strict=True)]
    return cells


def _changed_at(
    plan: delivery.Schedule, sent: delivery.Delivery, moments: list[np.ndarray], rng: np.random.Generator
) -> np.ndarray:
    """When each row was last changed before its poll (UTC): the last thing that happened, but after the poll before."""
    extract = plan.extract
    file, record = sent.rows["file"], sent.rows["record"]
    until = extract[file]
    before = np.where(file > 0, extract[np.maximum(file - 1, 0)], until - np.timedelta64(400 * 86_400, "s"))
    last = np.full(len(file), np.datetime64("1990-01-01"), dtype="datetime64[s]")
    for moment in moments:
        known = np.where(moment[record] <= until, moment[record], np.datetime64("NaT"))
        last = np.where(known > last, known, last)
    jitter = rng.integers(60, 1500, len(file)).astype("timedelta64[s]")
    return np.minimum(np.maximum(last, before) + jitter, until - np.timedelta64(1, "s"))
