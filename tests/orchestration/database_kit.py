"""A partner's database, on PostgreSQL and on SQLite, and a hub that polls it. Fixtures to be imported by name."""

from __future__ import annotations

import json
import os
import sqlite3

import pytest
from ingest_kit import Hub
from postgres import Server, running_server, why_not

from orchestration.ingest import database
from orchestration.ingest.connections import write_connection

CONTRACT = """
version: 2
sources:
- name: trust
  description: A trust.
  config:
    meta: {title: The Trust, organisation: RXX, steward: trust_steward, agreement: ISA-999, system: Reporting database}
  tables:
  - name: ward_beds
    description: One row per ward and day.
    config:
      meta:
        feed:
          version: "1.0"
          dataset: visits
          format: jsonl
          pattern: "ward_beds_*.jsonl"
          database: {connection: trust, relation: ward_beds, watermark: updated_at}
          key: [ward_code, day]
          mode: upsert
          cadence: "0 9 * * *"
          reject_batch_above: 0.4
    columns:
    - {name: ward_code, data_type: varchar, description: d, config: {meta: {path: ward_id, required: true}}}
    - {name: day, data_type: date, description: d, config: {meta: {path: day, format: ["%Y-%m-%d"], required: true}}}
    - {name: beds, data_type: integer, description: d, config: {meta: {path: beds, required: true}}}
    - {name: rate, data_type: "decimal(6,2)", description: d, config: {meta: {path: rate}}}
    - {name: is_open, data_type: boolean, description: d, config: {meta: {path: is_open}}}
    - {name: opens_at, data_type: time, description: d, config: {meta: {path: opens_at, format: "%H:%M"}}}
    - {name: note, data_type: varchar, description: d, config: {meta: {path: note}}}
    - name: updated_at
      data_type: timestamp
      description: d
      config: {meta: {path: updated_at, format: ["%Y-%m-%d %H:%M:%S"], required: true}}
"""
POSTGRES_TABLE = """create table ward_beds (ward_id text, day date, beds integer, rate numeric(6, 2), is_open boolean,
    opens_at time, note text, updated_at {kind}, nhs_number text)"""
SQLITE_TABLE = """create table ward_beds (ward_id text, day text, beds integer, rate numeric, is_open text,
    opens_at text, note text, updated_at text, nhs_number text)"""


@pytest.fixture(scope="module", name="server")
def server_fixture():
    missing = why_not()
    if missing:
        pytest.skip(missing)
    with running_server() as running:
        yield running


class Trust:
    """A trust's database, and a hub that polls it."""

    def __init__(self, hub: Hub, url: str, run, server: Server | None = None):
        self.hub, self.url, self.run, self.server = hub, url, run, server

    def write(self, ward: str, updated: str, beds: int | str = 10, day: str = "2025-01-05") -> None:
        """Add or change the row of a ward and day."""
        self.run(
            f"delete from ward_beds where ward_id = '{ward}' and day = '{day}'",
            "insert into ward_beds (ward_id, day, beds, updated_at, nhs_number) "
            f"values ('{ward}', '{day}', {beds}, '{updated}', '9990000018')",
        )

    def poll(self):
        result = self.hub.ingest()
        assert len(result.polls) == 1
        return result

    def read(self) -> list[list[tuple]]:
        """Polls until nothing is new; the rows of each batch as (ward, beds)."""
        before = len(self.hub.sidecars())
        poll = self.poll().polls[0]
        assert poll.status in ("new", "nothing_new"), poll.reason
        made = self.hub.sidecars()
        assert len(made) - before == (poll.status == "new")
        return [json.loads(line) for line in (self.hub.settings.landing / poll.file).open()] if poll.file else []

    def report(self, outcome) -> str:
        return self.hub.report(outcome).replace("\\", "")

    def wards(self) -> list[str]:
        return [record["ward_id"] for record in self.read()]

    @property
    def landing(self) -> list[str]:
        folder = self.hub.settings.landing / "trust"
        return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


@pytest.fixture(autouse=True, name="impatient")
def impatient_fixture(monkeypatch):
    monkeypatch.setattr(database, "BACKOFF_SECONDS", 0.01)


@pytest.fixture(name="hub")
def hub_fixture(tmp_path, monkeypatch):
    for name in list(os.environ):
        if name.startswith("BIHUB_DATABASE_"):
            monkeypatch.delenv(name)
    made = Hub(tmp_path, CONTRACT)
    (made.feeds / "clinic.yml").rename(made.feeds / "trust.yml")
    return made


@pytest.fixture(name="postgres")
def postgres_fixture(hub, server, monkeypatch):
    server.sql("drop view if exists ward_beds", "drop table if exists ward_beds") if _is_view(server) else server.sql(
        "drop table if exists ward_beds cascade"
    )
    server.sql(POSTGRES_TABLE.format(kind="timestamp"))
    monkeypatch.setenv("BIHUB_DATABASE_TRUST", server.url)
    return Trust(hub, server.url, server.sql, server)


def _is_view(server: Server) -> bool:
    return bool(server.sql("select 1 from pg_views where viewname = 'ward_beds'"))


@pytest.fixture(name="sqlite")
def sqlite_fixture(hub):
    path = hub.settings.home / "systems" / "trust.sqlite"
    path.parent.mkdir(parents=True)

    def run(*statements: str) -> None:
        with sqlite3.connect(path) as connection:
            for statement in statements:
                connection.execute(statement)
        connection.close()

    run(SQLITE_TABLE)
    write_connection(hub.settings.connections, "trust", "sqlite:///systems/trust.sqlite")
    return Trust(hub, f"sqlite:///{path}", run)


@pytest.fixture(params=["postgres", "sqlite"], name="trust")
def trust_fixture(request):
    return request.getfixturevalue(request.param)


def many_rows(postgres, rows: int) -> None:
    postgres.run(
        "insert into ward_beds select 'W' || n, date '2025-01-05', n, n / 100.0 % 1000, n % 2 = 0, time '08:00', "
        f"repeat('x', 60), timestamp '2025-01-05 08:00:00' + n * interval '1 second' from generate_series(1, {rows}) n"
    )


def killing(postgres, monkeypatch, *, times: int) -> list[int]:
    """The server drops the hub's connection after the first chunk, `times` times."""
    killed: list[int] = []
    original = database._writer

    def writer(columns):
        write, written = original(columns), [0]

        def counted(row):
            written[0] += 1
            if written[0] == database.CHUNK_ROWS + 1 and len(killed) < times:
                postgres.run("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'bihub'")
                killed.append(written[0])
            return write(row)

        return counted

    monkeypatch.setattr(database, "_writer", writer)
    return killed
