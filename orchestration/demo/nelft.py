"""NELFT's reporting database, DIR/systems/nelft.sqlite: its rows change in place, and polls read what is new."""

from __future__ import annotations

import datetime as dt
import sqlite3
from pathlib import Path

import numpy as np

from orchestration.contracts import load_contracts
from orchestration.demo import clock, delivery
from orchestration.demo.community_feeds import DATES, NUMBERS
from orchestration.demo.dirt import DirtLog
from orchestration.demo.sending import Sent
from orchestration.demo.table import Table, words
from orchestration.ingest.connections import write_connection
from orchestration.ingest.database import extract

KEYS = {
    "ward_beds": "snapshot_date, ward_id",
    "inpatient_stays": "stay_id",
    "mh_referrals": "referral_id",
    "mh_contacts": "contact_id",
    "community_referrals": "referral_id",
    "community_contacts": "contact_id",
}


def _values(rows: Table, columns: np.ndarray, changed: np.ndarray) -> list[tuple[object, ...]]:
    """The rows as the database holds them."""
    out = []
    for name in columns:
        if name in DATES:
            out.append([value or None for value in clock.text(rows[name], "%Y-%m-%d")])
        elif name in NUMBERS:
            out.append(rows[name].tolist())
        else:
            out.append(list(rows[name]))
    out.append(list(clock.text(clock.to_local(changed), "%Y-%m-%d %H:%M:%S")))
    return list(zip(*out, strict=True))


def database_of(landing: Path) -> Path:
    return landing.parent / "systems" / "nelft.sqlite"


def set_up(landing: Path) -> None:
    """An empty database, and the hub's connection to it."""
    path = database_of(landing)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    write_connection(landing.parent / "connections.toml", "nelft", "sqlite:///systems/nelft.sqlite")


def send_tables(
    feed: str,
    header: list[str],
    columns: np.ndarray,
    landing: Path,
    plan: delivery.Schedule,
    sent: delivery.Delivery,
    ids: np.ndarray,
    log: DirtLog,
    rows: Table,
    changed: np.ndarray,
) -> Sent:
    """Play the database's changes in order, and a poll after each stretch of them."""
    table = feed.removeprefix("nelft_")
    path = database_of(landing)
    contract = load_contracts()["nelft", table]
    url = f"sqlite:///{path.resolve()}"
    values = _values(rows, columns, changed)
    names = [*header, "updated_at"]
    kinds = ["integer" if name in NUMBERS else "text" for name in [*columns, "updated_at"]]
    made = ", ".join(f"{name} {kind}" for name, kind in zip(names, kinds, strict=True))
    watermark, files = None, 0
    database = sqlite3.connect(path)
    database.execute(f"create table {table} ({made}, primary key ({KEYS[table]}))")
    marks = ", ".join("?" * len(names))
    for place, part in enumerate(delivery.slices(sent.rows, len(plan))):
        database.executemany(f"insert or replace into {table} values ({marks})", values[part])
        database.commit()
        moments = [plan.extract[place], plan.deliver[place]]
        until, received = (moment.astype(dt.datetime) for moment in clock.to_local(np.array(moments)))
        poll = extract(contract, url, landing, after=watermark, until=until, received_at=received)
        plan.names[place] = poll.path.name if poll.path else ""
        watermark = poll.last or watermark
        files += poll.path is not None
    database.execute("vacuum")
    database.close()
    dirt = log.columns()
    row_of = dict(zip(ids.tolist(), range(len(ids)), strict=True))
    row = np.array([row_of[record] for record in dirt["record_id"]], dtype="int64")
    keep = sent.delivered[row] if len(row) else np.zeros(0, dtype=bool)
    dirt["file"] = words([plan.names[sent.last_file[r]] if sent.last_file[r] >= 0 else "" for r in row])
    dirt["feed"] = words([feed] * len(row))
    dirt = {name: column[keep] for name, column in dirt.items()}
    return Sent(feed, files, len(values), dirt, sent.known_until, sent.delivered)
