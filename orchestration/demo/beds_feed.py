"""The bed state: an Excel workbook filled in by the operations centre every morning, with three title rows."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np

from orchestration.demo import clock, delivery, formats, rates
from orchestration.demo.dirt import DirtLog, rate
from orchestration.demo.sending import Sent, pick, send
from orchestration.demo.table import rng_for, size, take, words
from orchestration.demo.world import World

FEED = "bed_state"
SITE = {"RAJ01": "Southend", "RAJ12": "Basildon", "RAJ32": "Broomfield"}
NUMBERS = {
    "ga_core_beds_open": "G&A core beds open",
    "ga_escalation_beds_open": "G&A escalation beds open",
    "ga_beds_occupied": "G&A beds occupied",
    "ga_covid_occupied": "G&A occupied by COVID-19",
    "ga_covid_void_beds": "COVID-19 void beds",
    "ga_infection_closed_beds": "Beds closed D&V/norovirus",
    "adult_ga_beds_open": "Adult G&A beds open",
    "adult_ga_beds_occupied": "Adult G&A beds occupied",
    "critical_care_beds_open": "Critical care beds open",
    "critical_care_beds_occupied": "Critical care beds occupied",
    "los_7_plus": "LoS 7+ days",
    "los_14_plus": "LoS 14+ days",
    "los_21_plus": "LoS 21+ days",
    "opel_level": "OPEL",
}
HEADER = ["Date", "Site", *NUMBERS.values()]
UNTYPABLE_FROM_ROWS = 40


def record_ids(days: np.ndarray, site: np.ndarray) -> np.ndarray:
    return clock.text(days, "%Y-%m-%d") + words([f"|{code}" for code in site])


def _schedule(world: World) -> delivery.Schedule:
    end, start = world.period.end, world.period.start
    daily = max(start, end - dt.timedelta(days=13))
    schedule = delivery.Schedule()
    delivery.months(schedule, world.period, daily - dt.timedelta(days=1), "MSEFT Bed State {day:%Y-%m}.xlsx")
    delivery.days(schedule, daily, end, "MSEFT Bed State {day:%Y-%m-%d}.xlsx", 11, 0, same_day=True)
    return schedule


def send_beds(world: World, landing: Path, seed: int) -> Sent:
    rng, log = rng_for(seed, "send beds"), DirtLog(FEED)
    truth = world.beds
    ids = record_ids(truth["snapshot_date"], truth["site_code"])
    table = {name: column.copy() for name, column in truth.items()}
    count, every = size(table), np.ones(size(table), dtype=bool)
    sunday = (rates.weekday_of(truth["snapshot_date"]) == 6) & (
        truth["snapshot_date"] > np.datetime64(world.period.start, "D")
    )
    here = np.flatnonzero(sunday & (rng.random(count) < rate("carried_forward", FEED) * 7))
    for name in NUMBERS:
        table[name][here] = truth[name][here - 1]
        log.add("carried_forward", ids[here], name, words([str(value) for value in table[name][here]]))
    chosen = pick(
        rng,
        FEED,
        ["long_stay_not_nested", "untypable_number"],
        every & ~np.isin(np.arange(count), here),
    )
    here = chosen["long_stay_not_nested"]
    here = here[truth["los_21_plus"][here] < truth["los_7_plus"][here]]
    table["los_7_plus"][here], table["los_21_plus"][here] = truth["los_21_plus"][here], truth["los_7_plus"][here]
    for name in ("los_7_plus", "los_21_plus"):
        log.add("long_stay_not_nested", ids[here], name, words([str(value) for value in table[name][here]]))
    schedule = _schedule(world)
    taken_at = clock.midnight(truth["snapshot_date"]) + np.timedelta64(8 * 3600, "s")
    sent = delivery.deliver(schedule, taken_at, taken_at, [], ids, FEED, rng, log)
    record = sent.rows["record"]
    rows = take(table, record)
    rows_in_file = np.bincount(sent.rows["file"], minlength=len(schedule))
    big = np.zeros(count, dtype=bool)
    big[record] = rows_in_file[sent.rows["file"]] >= UNTYPABLE_FROM_ROWS
    big[record[rows_in_file[sent.rows["file"]] < UNTYPABLE_FROM_ROWS]] = False
    unreadable = np.zeros(count, dtype=bool)
    unreadable[chosen["untypable_number"]] = True
    unreadable &= big
    log.add("untypable_number", ids[unreadable], "ga_beds_occupied", "n/a")
    # what is amended later was three patients short, or had a digit too many
    occupied = rows["ga_beds_occupied"]
    mistyped = sent.rows["is_wrong"] & (record % 4 == 0)
    short = sent.rows["is_wrong"] & ~mistyped
    rows["ga_beds_occupied"] = np.where(mistyped, occupied * 10 + 5, np.where(short, occupied - 3, occupied))
    log.add("occupied_mistyped", np.unique(ids[record[mistyped]]), "ga_beds_occupied", stands=False)

    typed = (rows["snapshot_date"].astype("int64") % 5) == 0
    dates = [
        text if clerk else cell
        for cell, text, clerk in zip(
            formats.date_cells(rows["snapshot_date"], False),
            formats.text_cells(formats.excel_text(rows["snapshot_date"], False)),
            typed,
            strict=True,
        )
    ]
    cells = [dates, formats.text_cells(words([SITE[code] for code in rows["site_code"]]))]
    cells += [formats.number_cells(rows[name].tolist()) for name in NUMBERS]
    occupied = 2 + list(NUMBERS).index("ga_beds_occupied")
    unread = formats.text_cells(words(["n/a"]))[0]
    cells[occupied] = [unread if bad else cell for bad, cell in zip(unreadable[record], cells[occupied], strict=True)]

    def write(part: slice, name: str, defect: str) -> bytes:
        titles = ["Mid and South Essex NHS Foundation Trust", "Daily bed state, 08:00 snapshot", "Operations centre"]
        return formats.workbook("Bed State", titles, HEADER, [column[part] for column in cells])

    return send(FEED, landing / "mseft", schedule, sent, ids, log, write)
