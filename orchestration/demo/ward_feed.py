"""Ward stays from the trust's bed management system: one CSV for the three hospitals."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from orchestration.demo import clock, delivery, formats, hospital
from orchestration.demo.dirt import DirtLog, rate
from orchestration.demo.sending import Sent, note_clock_change, pick, send, wall
from orchestration.demo.table import Table, listed, minutes, rng_for, size, take
from orchestration.demo.wards import NAME
from orchestration.demo.world import World

FEED = "ward_stays"
HEADER = listed("WardStayID Site SpellNumber WardCode WardName WardType WardStart WardEnd")
SITE = {"RAJ01": "SUH", "RAJ12": "BAS", "RAJ32": "BRM"}
TYPE = {
    "assessment": "AMU",
    "same_day": "SDEC",
    "general": "GEN",
    "surgical": "SURG",
    "older_people": "COTE",
    "critical_care": "CRIT",
    "paediatric": "PAED",
    "maternity": "MAT",
    "discharge_lounge": "DL",
}
PATTERN = "%Y-%m-%d %H:%M"


def _spoil(table: Table, truth: Table, spells: Table, log: DirtLog, rng: np.random.Generator) -> None:
    ids, ended = table["ward_stay_id"], table["ended_at"]
    gone = spells["discharged_at"][truth["spell"]]
    moved_on = truth["ended_at"] < gone
    here = pick(rng, FEED, ["two_wards"], moved_on)["two_wards"]
    ended[here] = np.minimum(ended[here] + minutes(rng.uniform(30, 600, len(here))), gone[here])
    log.add("two_wards", ids[here], "ended_at", wall(ended[here]))
    taken = np.zeros(size(truth), dtype=bool)
    taken[here] = True
    here = pick(rng, FEED, ["end_before_start"], ~taken)["end_before_start"]
    ended[here] = truth["started_at"][here] - minutes(rng.uniform(60, 3000, len(here)))
    log.add("end_before_start", ids[here], "ended_at", wall(ended[here]))


def send_ward_stays(world: World, landing: Path, seed: int) -> Sent:
    rng, log = rng_for(seed, f"send {FEED}"), DirtLog(FEED)
    truth = world.ward_stays
    ids = truth["ward_stay_id"]
    table = {name: column.copy() for name, column in truth.items()}
    _spoil(table, truth, world.spells, log, rng)
    note_clock_change(log, ids, {name: truth[name] for name in ("started_at", "ended_at")})
    name_missing = rng.random(size(truth)) < rate("ward_name_missing", FEED)
    log.add("ward_name_missing", ids[name_missing], stands=False)

    plan = hospital.schedule(
        world, "broomfield", "MSEFT_WARD_STAYS_{day:%Y%m}.csv", "MSEFT_WARD_STAYS_{day:%Y%m%d}.csv"
    )
    started = truth["started_at"]
    sent = delivery.deliver(plan, started, started, [truth["ended_at"]], ids, FEED, rng, log)
    log.add("untypable_date", ids[sent.untypable], "started_at", "31 February")
    record = sent.rows["record"]
    rows = take(table, record)
    inside = delivery.hidden(truth["ended_at"], sent, plan)
    rows["ended_at"] = np.where(inside, np.datetime64("NaT"), rows["ended_at"])
    wrong = sent.rows["is_wrong"] & ~inside
    rows["ended_at"] = np.where(wrong, rows["ended_at"] + np.timedelta64(7200, "s"), rows["ended_at"])
    local = clock.to_local(rows["started_at"])
    begins = np.where(sent.untypable[record], hospital.impossible(local, PATTERN), clock.text(local, PATTERN))
    columns = [
        rows["ward_stay_id"],
        hospital.mapped(rows["site_code"], SITE),
        world.spells["spell_id"][rows["spell"]],
        rows["ward_code"],
        np.where(name_missing[record], "", hospital.mapped(rows["ward_code"], NAME)),
        hospital.mapped(rows["ward_type_code"], TYPE),
        begins,
        clock.text(clock.to_local(rows["ended_at"]), PATTERN),
    ]

    def write(part: slice, name: str, defect: str) -> bytes:
        header = list(HEADER)
        return "".join(formats.delimited(header, [column[part] for column in columns], ",")).encode()

    return send(FEED, landing / "mseft", plan, sent, ids, log, write)
