"""The ambulance service: plain CSV from its dispatch system, the last day in files of a quarter of an hour."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np

from orchestration.demo import clock, delivery, formats
from orchestration.demo.dirt import DirtLog
from orchestration.demo.identity import identity
from orchestration.demo.sending import Sent, note_clock_change, pick, send, wall
from orchestration.demo.table import Table, rng_for, seconds, size, take, words
from orchestration.demo.world import World

FEED = "incidents"
TIMES = {
    "call_connect_at": "CallConnectTime",
    "problem_identified_at": "ProblemIdentifiedTime",
    "first_resource_assigned_at": "FirstResourceAssignedTime",
    "first_on_scene_at": "FirstOnSceneTime",
    "conveying_on_scene_at": "ConveyingVehicleOnSceneTime",
    "left_scene_at": "LeftSceneTime",
    "arrived_hospital_at": "ArrivedHospitalTime",
    "handover_at": "HandoverTime",
    "clear_at": "ClearTime",
}
HEADER = [
    "IncidentID",
    "TestCall",
    *TIMES.values(),
    "Category",
    "Outcome",
    "ReceivingSite",
    "NHSNumber",
    "PatientSurname",
    "PatientForename",
    "PatientDOB",
    "PatientSex",
    "IncidentPostcode",
]
OUTCOME = {
    "hear_treat": "HT",
    "see_treat": "ST",
    "convey_ed": "CED",
    "convey_non_ed": "CNE",
    "cancelled": "CAN",
    "duplicate": "DUP",
    "hoax": "HOX",
}
SEX = {"1": "M", "2": "F", "9": "I", "X": "U"}
OLD_SITE = {"RAJ12": "RDDH0", "RAJ32": "RQ8L0"}
STAMP = "%Y-%m-%d %H:%M:%S"


def _schedule(world: World) -> delivery.Schedule:
    end, start = world.period.end, world.period.start
    daily = max(start, end - dt.timedelta(days=6))
    schedule = delivery.Schedule()
    delivery.months(schedule, world.period, daily - dt.timedelta(days=1), "incidents_{day:%Y%m}.csv")
    delivery.days(schedule, daily, end - dt.timedelta(days=1), "incidents_{day:%Y%m%d}.csv", 0, 5)
    # the last day, and until morning what is still open of it
    until = world.period.ends + np.timedelta64(7 * 3600, "s")
    delivery.windows(schedule, end, until, 900, 300, "incidents_{day:%Y%m%d_%H%M}.csv")
    return schedule


def _spoil(world: World, table: Table, log: DirtLog, rng: np.random.Generator) -> None:
    """Defects of values, in place."""
    ids, count = table["incident_id"], size(table)
    real = ~table["is_test_call"]
    conveyed = (table["outcome"] == "convey_ed") & real
    never = np.datetime64("NaT")
    chosen = pick(rng, FEED, ["handover_missing", "handover_before_arrival", "hospital_arrival_missing"], conveyed)
    late_night = conveyed & (clock.local_date(table["handover_at"]) > clock.local_date(table["arrived_hospital_at"]))
    taken = np.zeros(count, dtype=bool)
    taken[np.concatenate(list(chosen.values()))] = True
    chosen |= pick(rng, FEED, ["midnight_rollover"], late_night & ~taken)
    here = chosen["handover_missing"]
    table["handover_at"][here] = never
    log.add("handover_missing", ids[here], "handover_at")
    here = chosen["hospital_arrival_missing"]
    table["arrived_hospital_at"][here] = never
    log.add("hospital_arrival_missing", ids[here], "arrived_hospital_at")
    here = chosen["handover_before_arrival"]
    table["handover_at"][here] = table["arrived_hospital_at"][here] - seconds(rng.uniform(60, 1500, len(here)))
    log.add("handover_before_arrival", ids[here], "handover_at", wall(table["handover_at"][here]))
    here = chosen["midnight_rollover"]
    table["handover_at"][here] = clock.to_utc(clock.to_local(table["handover_at"][here]) - np.timedelta64(86_400, "s"))
    log.add("midnight_rollover", ids[here], "handover_at", wall(table["handover_at"][here]))
    here = pick(rng, FEED, ["on_scene_before_call"], real & ~np.isnat(table["first_on_scene_at"]))[
        "on_scene_before_call"
    ]
    table["first_on_scene_at"][here] = table["call_connect_at"][here] - seconds(rng.uniform(60, 900, len(here)))
    log.add("on_scene_before_call", ids[here], "first_on_scene_at", wall(table["first_on_scene_at"][here]))
    old = pick(rng, FEED, ["old_site_code"], conveyed & np.isin(table["receiving_site_code"], list(OLD_SITE)))[
        "old_site_code"
    ]
    table["receiving_site_code"][old] = words([OLD_SITE[code] for code in table["receiving_site_code"][old]])
    log.add("old_site_code", ids[old], "receiving_site_code", table["receiving_site_code"][old])


def send_incidents(world: World, landing: Path, seed: int) -> Sent:
    rng, log = rng_for(seed, "send incidents"), DirtLog(FEED)
    truth = world.incidents
    table = {name: column.copy() for name, column in truth.items()}
    ids = table["incident_id"]
    who = identity(world.people, table["person"], table["call_connect_at"], ids, FEED, rng, log)
    elsewhere = rng.random(size(table)) < 0.3
    who["postcode"] = np.where(elsewhere, rng.permutation(who["postcode"]), who["postcode"])
    nameless = rng.random(size(table)) < 0.1
    for name in ("family_name", "given_name"):
        who[name] = np.where(table["is_test_call"], "TEST", np.where(nameless, None, who[name]))
    who["nhs_number"] = np.where(table["is_test_call"], None, who["nhs_number"])
    _spoil(world, table, log, rng)
    note_clock_change(log, ids, {name: truth[name] for name in TIMES})

    schedule = _schedule(world)
    sent = delivery.deliver(
        schedule,
        truth["call_connect_at"],
        truth["call_connect_at"],
        [
            truth[moment]
            for moment in ("first_on_scene_at", "arrived_hospital_at", "handover_at", "known_at", "ends_at")
        ],
        ids,
        FEED,
        rng,
        log,
        correctable=truth["category_code"] != "C5",
        keep_alive=True,
    )
    rows = take(table | who, sent.rows["record"])
    for name in TIMES:
        rows[name] = np.where(delivery.hidden(truth[name], sent, schedule), np.datetime64("NaT"), rows[name])
    under_way = delivery.hidden(truth["known_at"], sent, schedule)
    for name in ("outcome", "receiving_site_code"):
        rows[name] = np.where(under_way, None, rows[name])
    wrong, other = sent.rows["is_wrong"], sent.rows["is_other_vehicle"]
    rows["category_code"] = np.where(wrong, np.where(rows["category_code"] == "C2", "C3", "C2"), rows["category_code"])
    rows["clear_at"] = np.where(other, rows["clear_at"] + np.timedelta64(540, "s"), rows["clear_at"])

    columns = {header: clock.text(clock.to_local(rows[name]), STAMP) for name, header in TIMES.items()}
    untypable = sent.untypable[sent.rows["record"]]
    connect = columns["CallConnectTime"]
    connect[untypable] = words([f"{value[:5]}02-31{value[10:]}" for value in connect[untypable]])
    log.add("untypable_date", ids[sent.untypable], "call_connect_at", "31 February")
    columns |= {
        "IncidentID": rows["incident_id"],
        "TestCall": np.where(rows["is_test_call"], "Y", "N").astype(object),
        "Category": rows["category_code"],
        "Outcome": words([OUTCOME.get(value) for value in rows["outcome"]]),
        "ReceivingSite": rows["receiving_site_code"],
        "NHSNumber": rows["nhs_number"],
        "PatientSurname": rows["family_name"],
        "PatientForename": rows["given_name"],
        "PatientDOB": clock.text(rows["birth_date"], "%Y-%m-%d"),
        "PatientSex": words([SEX[value] for value in rows["sex_code"]]),
        "IncidentPostcode": rows["postcode"],
    }
    body = [formats.plain(columns[name]) for name in HEADER]

    def write(part: slice, name: str, defect: str) -> bytes:
        header = ["Priority" if defect and title == "Category" else title for title in HEADER]
        return "".join(formats.delimited(header, [column[part] for column in body], ",")).encode()

    result = send(FEED, landing / "eeast", schedule, sent, ids, log, write)
    # what nobody knows the outcome of yet is a call, and no incident that a measure counts
    result.delivered &= truth["known_at"] <= result.known_until
    return result
