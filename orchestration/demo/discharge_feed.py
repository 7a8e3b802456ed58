"""The trust's discharge list of every morning (CSV), and its daily situation report (an Excel workbook)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import numpy as np

from orchestration.demo import clock, delivery, formats, hospital, rates
from orchestration.demo.beds import census_moment
from orchestration.demo.dirt import DirtLog, rate
from orchestration.demo.identity import identity
from orchestration.demo.sending import Sent, pick, send
from orchestration.demo.table import Table, choose, concat, listed, rng_for, size, take, words
from orchestration.demo.ward_feed import SITE
from orchestration.demo.wards import NAME, WARDS
from orchestration.demo.world import World

LIST_FEED, SITREP_FEED = "no_criteria_to_reside", "daily_sitrep"
LIST_FILES = ("MSEFT_NCTR_{day:%Y%m}.csv", "MSEFT_NCTR_{day:%Y%m%d}.csv")
SITREP_FILES = ("MSEFT Daily Sitrep {day:%Y-%m}.xlsx", "MSEFT Daily Sitrep {day:%Y-%m-%d}.xlsx")
LIST_HEADER = listed(
    "CensusDate Site SpellNumber NHSNumber WardCode NotMeetingCTRSince Pathway DelayReason LocalAuthority"
)
REASON = {
    "HP": ("1A", "1B"),
    "WB": ("2A",),
    "TH": ("3A", "3B"),
    "IF": ("4A", "4B"),
    "CAP-P1": ("5A",),
    "CAP-P2": ("5B",),
    "CAP-P3": ("5C",),
    "PF": ("6A",),
    "HO": ("7A",),
}
COUNCIL = {"E10000012": "Essex", "E06000033": "Southend", "E06000034": "Thurrock", "OTHER": "Other"}
SITREP_SITE = {"RAJ01": "Southend", "RAJ12": "Basildon", "RAJ32": "Broomfield"}
SITREP_NUMBERS = {
    "ed_type_1_attendances": "ED Type 1 attendances",
    "ed_type_1_over_4h": "ED Type 1 over 4 hours",
    "dta_waits_4_to_12h": "DTA 4-12 hours",
    "dta_waits_12h": "DTA 12 hours and over",
    "ambulance_arrivals": "Ambulance arrivals",
    "handovers_15_to_30": "Handovers 15-30 min",
    "handovers_30_to_60": "Handovers 30-60 min",
    "handovers_over_60": "Handovers over 60 min",
    "nctr_patients": "No criteria to reside",
    "discharges": "Discharges",
    "discharges_by_1700": "Discharged by 17:00",
    "discharges_after_1700": "Discharged 17:01-23:59",
    "not_discharged": "Not discharged",
}
ONE_DAY = np.timedelta64(1, "D")
AMENDED_AFTER_FILES = 3


# --- discharge list --------------------------------------------------------------------------------------------------


def list_ids(days: np.ndarray, site: np.ndarray, spell_id: np.ndarray) -> np.ndarray:
    return words(
        [f"{day}|{code}|{spell}" for day, code, spell in zip(clock.text(days, "%Y-%m-%d"), site, spell_id, strict=True)]
    )


def _schedule(
    world: World, days: int, names: tuple[str, str], hour: int, minute: int, same_day: bool
) -> delivery.Schedule:
    """Months of history, then a file a day. What comes late in the morning after the last day, comes after the demo."""
    end, start = world.period.end, world.period.start
    daily = max(start, end - dt.timedelta(days=days - 1))
    schedule = delivery.Schedule()
    delivery.months(schedule, world.period, daily - dt.timedelta(days=1), names[0])
    last = end if same_day else end - dt.timedelta(days=1)
    delivery.days(schedule, daily, last, names[1], hour, minute, same_day=same_day)
    return schedule


def _carried_forward(truth: Table, rng: np.random.Generator, start: np.datetime64) -> tuple[np.ndarray, np.ndarray]:
    """Sundays on which a site repeats Saturday's list: rows that so are never sent, and rows of Saturday that are."""
    day, site = truth["census_date"], truth["site_code"]
    gone, again = np.zeros(size(truth), dtype=bool), np.zeros(size(truth), dtype=bool)
    days = np.unique(day)
    sundays = days[(rates.weekday_of(days) == 6) & (days > start)]
    for code in rates.SITES:
        lazy = sundays[rng.random(len(sundays)) < rate("carried_forward", LIST_FEED) * 7]
        here = site == code
        gone |= here & np.isin(day, lazy)
        again |= here & np.isin(day + ONE_DAY, lazy)
    key = truth["spell"] * 100_000 + day.astype("int64")
    # who is still there is on both lists, and nothing is wrong with his row
    still = np.isin(key, key[again] + 1)
    before = np.isin(key, key[gone] - 1)
    return np.flatnonzero(gone & ~still), np.flatnonzero(again & ~before)


def _on_two_wards(
    sent: delivery.Delivery, begins: np.ndarray, table: Table, ids: np.ndarray, rng: np.random.Generator, log: DirtLog
) -> np.ndarray:
    """Some patients are listed a second time, on another ward of the site: the later row of the file is what counts."""
    rows, count = sent.rows, size(table)
    twice = sent.delivered & (rng.random(count) < rate("two_wards", LIST_FEED))
    again = take(rows, twice[rows["record"]] & (rows["file"] == sent.last_file[rows["record"]]) & ~rows["is_wrong"])
    again["is_other_vehicle"] = np.ones(size(again), dtype=bool)
    rows = concat([rows, again])
    order = np.lexsort((rows["is_other_vehicle"], rows["record"], begins[rows["record"]], rows["file"]))
    sent.rows = take(rows, order)
    elsewhere = np.full(count, None, dtype=object)
    for site, kinds in WARDS.items():
        here = np.flatnonzero(table["site_code"] == site)
        elsewhere[here] = kinds["assessment"][0][0]
    here = np.unique(again["record"])
    log.add("two_wards", ids[here], "ward_code", elsewhere[here])
    return elsewhere


def send_lists(world: World, landing: Path, seed: int) -> Sent:
    rng, log = rng_for(seed, f"send {LIST_FEED}"), DirtLog(LIST_FEED)
    truth = world.listed
    real = size(truth)
    missed, repeated = _carried_forward(truth, rng, np.datetime64(world.period.start, "D"))
    copies = take(truth, repeated)
    copies["census_date"] = copies["census_date"] + ONE_DAY
    truth = concat([truth, copies])
    spell_id = world.spells["spell_id"][truth["spell"]]
    ids = list_ids(truth["census_date"], truth["site_code"], spell_id)
    table = {name: column.copy() for name, column in truth.items()}
    when = census_moment(truth["census_date"])
    log.add("carried_forward", ids[real:], "copy_of", ids[repeated])
    log.add("carried_forward", ids[real:], "census_date", clock.text(truth["census_date"][real:], "%Y-%m-%d"))
    sends = ("nhs_number",)
    table["nhs_number"] = identity(world.people, truth["person"], when, ids, LIST_FEED, rng, log, sends)["nhs_number"]

    chosen = pick(rng, LIST_FEED, ["pathway_missing", "since_after_census"], np.ones(size(truth), dtype=bool))
    here = chosen["pathway_missing"]
    table["pathway_code"][here] = None
    log.add("pathway_missing", ids[here], "pathway_code")
    here = chosen["since_after_census"]
    table["no_criteria_since"][here] = truth["census_date"][here] + rng.integers(1, 9, len(here)) * ONE_DAY
    log.add(
        "since_after_census", ids[here], "no_criteria_since", clock.text(table["no_criteria_since"][here], "%Y-%m-%d")
    )
    here = pick(rng, LIST_FEED, ["ward_free_text"], np.ones(size(truth), dtype=bool))["ward_free_text"]
    table["ward_code"][here] = words([f"{NAME[code]} side room" for code in table["ward_code"][here]])
    log.add("ward_free_text", ids[here], "ward_code", table["ward_code"][here])

    plan = _schedule(world, 7, LIST_FILES, 9, 45, same_day=True)
    never = np.isin(np.arange(size(truth)), missed)
    begins = np.where(never, delivery.FAR, when)
    sent = delivery.deliver(plan, begins, begins, [], ids, LIST_FEED, rng, log)
    elsewhere = _on_two_wards(sent, begins, table, ids, rng, log)
    record = sent.rows["record"]
    rows = take(table, record)
    rows["ward_code"] = np.where(sent.rows["is_other_vehicle"], elsewhere[record], rows["ward_code"])
    # what is corrected later had another pathway and no reason
    wrong = sent.rows["is_wrong"]
    other = np.where(rows["pathway_code"] == "P1", "P2", "P1").astype(object)
    rows["pathway_code"] = np.where(wrong, other, rows["pathway_code"])
    rows["delay_reason_code"] = np.where(wrong, None, rows["delay_reason_code"])
    reason = np.full(len(record), "", dtype=object)
    for code, local in REASON.items():
        place = np.flatnonzero(rows["delay_reason_code"] == code)
        reason[place] = choose(rng, dict.fromkeys(local, 1), len(place))
    pattern = (record % 17) == 0
    since = clock.text(rows["no_criteria_since"], "%Y-%m-%d")
    columns = [
        clock.text(rows["census_date"], "%Y-%m-%d"),
        hospital.mapped(rows["site_code"], SITE),
        spell_id[record],
        formats.plain(rows["nhs_number"]),
        rows["ward_code"],
        np.where(pattern, clock.text(rows["no_criteria_since"], "%d/%m/%Y"), since),
        formats.plain(rows["pathway_code"]),
        reason,
        hospital.mapped(rows["local_authority_code"], COUNCIL),
    ]

    def write(part: slice, name: str, defect: str) -> bytes:
        header = ["HospitalNumber" if defect and title == "SpellNumber" else title for title in LIST_HEADER]
        return "".join(formats.delimited(header, [column[part] for column in columns], ",")).encode()

    result = send(LIST_FEED, landing / "mseft", plan, sent, ids, log, write)
    result.known_until, result.delivered = result.known_until[:real], result.delivered[:real]
    return result


# --- situation report ------------------------------------------------------------------------------------------------


def sitrep_ids(days: np.ndarray, site: np.ndarray) -> np.ndarray:
    return clock.text(days, "%Y-%m-%d") + words([f"|{code}" for code in site])


def send_sitreps(world: World, landing: Path, seed: int) -> Sent:
    rng, log = rng_for(seed, f"send {SITREP_FEED}"), DirtLog(SITREP_FEED)
    order = np.lexsort((world.sitrep["site_code"].astype(str), world.sitrep["flow_date"]))
    back = np.argsort(order)
    truth = take(world.sitrep, order)
    ids = sitrep_ids(truth["flow_date"], truth["site_code"])
    table = {name: column.copy() for name, column in truth.items()}
    names = list(SITREP_NUMBERS)
    mistyped = rng.random(size(truth)) < rate("number_mistyped", SITREP_FEED)
    mistyped[int(rng.integers(0, size(truth) * 3 // 4 + 1))] = True  # one there is always
    here = pick(rng, SITREP_FEED, ["miscounted"], ~mistyped)["miscounted"]
    which = rng.integers(0, len(names), len(here))
    step = rng.integers(1, 4, len(here)) * np.where(rng.random(len(here)) < 0.5, -1, 1)
    _change("miscounted", table, truth, ids, here, which, lambda old, by: np.maximum(old + by, 0), step, log)
    here = np.flatnonzero(mistyped)
    which = rng.integers(0, 2, len(here)) * names.index("discharges")  # attendances or discharges
    digit = rng.integers(1, 10, len(here))
    _change("number_mistyped", table, truth, ids, here, which, lambda old, by: old * 10 + by, digit, log)

    plan = _schedule(world, 14, SITREP_FILES, 11, 0, same_day=False)
    over = clock.midnight(truth["flow_date"] + ONE_DAY) - np.timedelta64(1, "s")
    sent = delivery.deliver(plan, over, over, [], ids, SITREP_FEED, rng, log, amended_after=AMENDED_AFTER_FILES)
    record = sent.rows["record"]
    rows = take(table, record)
    wrong = sent.rows["is_wrong"]
    # what is amended later had not counted the discharges of the evening
    short = np.where(wrong, np.minimum(rows["discharges_after_1700"], 2), 0)
    for name in ("discharges", "discharges_after_1700"):
        rows[name] = np.maximum(rows[name] - short, 0)
    typed = (record // 3) % 6 == 0
    dates = [
        text if clerk else cell
        for cell, text, clerk in zip(
            formats.date_cells(rows["flow_date"], False),
            formats.text_cells(formats.excel_text(rows["flow_date"], False)),
            typed,
            strict=True,
        )
    ]
    cells = [dates, formats.text_cells(words([SITREP_SITE[code] for code in rows["site_code"]]))]
    cells += [formats.number_cells(rows[name].tolist()) for name in names]
    header = ["Flow date", "Site", *SITREP_NUMBERS.values()]

    def write(part: slice, name: str, defect: str) -> bytes:
        titles = [
            "Mid and South Essex NHS Foundation Trust",
            "Daily situation report",
            "Signed off by the duty director",
        ]
        return formats.workbook("Sitrep", titles, header, [column[part] for column in cells])

    result = send(SITREP_FEED, landing / "mseft", plan, sent, ids, log, write)
    result.known_until, result.delivered = result.known_until[back], result.delivered[back]
    return result


def _change(
    kind: str,
    table: Table,
    truth: Table,
    ids: np.ndarray,
    here: np.ndarray,
    which: np.ndarray,
    rule: Callable[[np.ndarray, np.ndarray], np.ndarray],
    by: np.ndarray,
    log: DirtLog,
) -> None:
    """Spoil one number of each chosen row."""
    for place, name in enumerate(SITREP_NUMBERS):
        row, change = here[which == place], by[which == place]
        table[name][row] = rule(truth[name][row], change)
        differs = table[name][row] != truth[name][row]
        log.add(kind, ids[row[differs]], name, words([str(value) for value in table[name][row[differs]]]))
