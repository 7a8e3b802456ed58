"""What a partner's database can do to a feed, and what the hub says of it: nothing is lost, nothing comes twice."""

from __future__ import annotations

import os
import signal
import sqlite3
import time

from bad_input_kit import bounded
from database_kit import (  # noqa: F401
    POSTGRES_TABLE,
    hub_fixture,
    impatient_fixture,
    killing,
    many_rows,
    postgres_fixture,
    server_fixture,
    sqlite_fixture,
    trust_fixture,
)
from postgres import QUOTED

from orchestration.contracts import load_contracts
from orchestration.ingest import database, database_watch
from orchestration.ingest.connections import write_connection

# --- Lost or slow ----------------------------------------------------------------------------------------------------


def test_connection_killed_midway_leaves_nothing(postgres, monkeypatch):
    many_rows(postgres, 3 * database.CHUNK_ROWS)
    killed = killing(postgres, monkeypatch, times=99)
    result = postgres.poll()
    assert len(killed) == database.ATTEMPTS
    assert result.polls[0].kind == "database_lost", result.polls[0].reason
    assert "broke while table ward_beds was read" in result.polls[0].reason
    assert postgres.landing == []


def test_connection_killed_once_is_tried_again(postgres, monkeypatch):
    many_rows(postgres, 3 * database.CHUNK_ROWS)
    assert len(killing(postgres, monkeypatch, times=1)) == 0
    assert len(postgres.read()) == 3 * database.CHUNK_ROWS
    assert postgres.read() == []


def test_slow_statement_is_stopped(postgres):
    postgres.write("A", "2025-01-05 08:00:00")
    postgres.run(
        "alter table ward_beds rename to ward_beds_kept",
        "create view ward_beds as select b.* from ward_beds_kept b, lateral (select pg_sleep(20), b.day) s",
    )
    try:
        write_connection(postgres.hub.settings.connections, "trust", postgres.url)
        with postgres.hub.settings.connections.open("a") as file:
            file.write("statement_timeout_seconds = 1\n")
        os.environ.pop("BIHUB_DATABASE_TRUST")
        poll = postgres.poll().polls[0]
        assert poll.kind == "database_slow"
        assert "longer than 1 seconds" in poll.reason and "index on 'updated_at'" in poll.remedy
    finally:
        postgres.run("drop view ward_beds", "drop table ward_beds_kept")


def patience(trust, monkeypatch, **seconds: int) -> None:
    """The connection of the test, with its own timeouts."""
    monkeypatch.delenv("BIHUB_DATABASE_TRUST", raising=False)
    path = trust.hub.settings.connections
    if not path.exists():
        write_connection(path, "trust", trust.url)
    with path.open("a") as file:
        file.writelines(f"{name}_seconds = {value}\n" for name, value in seconds.items())


def test_server_that_stops_answering_is_given_up(postgres, monkeypatch):
    """Its process stands still and its network does not: neither its own timeout nor TCP would ever end the wait."""
    many_rows(postgres, 3 * database.CHUNK_ROWS)
    patience(postgres, monkeypatch, statement_timeout=1)
    monkeypatch.setattr(database_watch, "GRACE_SECONDS", 0.5)
    stopped: list[int] = []
    original = database._writer

    def writer(columns):
        if not stopped:
            [(pid,)] = postgres.run("select pid from pg_stat_activity where application_name = 'bihub'")
            os.kill(pid, signal.SIGSTOP)
            stopped.append(pid)
        return original(columns)

    monkeypatch.setattr(database, "_writer", writer)
    started = time.monotonic()
    try:
        poll = postgres.poll().polls[0]
    finally:
        os.kill(stopped[0], signal.SIGCONT)
    assert time.monotonic() - started < 15
    assert (poll.kind, postgres.landing) == ("database_slow", [])
    assert "took longer than 1 seconds and was stopped" in poll.reason
    assert len(postgres.read()) == 3 * database.CHUNK_ROWS


def test_table_that_trickles_is_given_up(postgres, monkeypatch):
    many_rows(postgres, 200)
    postgres.run(
        "alter table ward_beds rename to ward_beds_kept",
        "create view ward_beds as select b.* from ward_beds_kept b, lateral (select pg_sleep(0.05), b.day) s",
    )
    try:
        patience(postgres, monkeypatch, total_timeout=1)
        monkeypatch.setattr(database, "_unreachable_rows", lambda *_: [])
        poll = postgres.poll().polls[0]
        assert (poll.kind, postgres.landing) == ("database_slow", []), poll.reason
        assert "took longer than 1 seconds" in poll.reason and "total_timeout_seconds" in poll.remedy
    finally:
        postgres.run("drop view ward_beds", "drop table ward_beds_kept")


def test_endless_view_of_a_file_is_given_up(sqlite, monkeypatch):
    sqlite.run(
        "drop table ward_beds",
        "create view ward_beds as with recursive n(i) as (select 1 union all select i + 1 from n) select "
        "'A' as ward_id, '2025-01-05' as day, i as beds, null as rate, null as is_open, null as opens_at, null as note,"
        " '2025-01-05 08:00:00' as updated_at from n",
    )
    patience(sqlite, monkeypatch, statement_timeout=1)
    monkeypatch.setattr(database_watch, "GRACE_SECONDS", 0.2)
    poll = sqlite.poll().polls[0]
    assert (poll.kind, sqlite.landing) == ("database_slow", []), poll.reason


def test_file_that_somebody_writes_is_read_when_they_have_done(sqlite, monkeypatch):
    sqlite.write("A", "2025-01-05 08:00:00")
    patience(sqlite, monkeypatch, connect_timeout=1)
    with sqlite3.connect(sqlite.hub.settings.home / "systems" / "trust.sqlite") as other:
        other.execute("begin exclusive")
        poll = sqlite.poll().polls[0]
        assert poll.kind == "database_busy" and "reads on from where it stopped" in poll.remedy
        other.rollback()
    other.close()
    assert sqlite.wards() == ["A"]


def test_damaged_file_is_said_to_be_damaged(sqlite):
    for day in range(1, 29):
        sqlite.write("A" * 400, "2025-01-05 08:00:00", day=f"2025-02-{day:02}")
    path = sqlite.hub.settings.home / "systems" / "trust.sqlite"
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + b"\xa5" * (len(whole) - 4096))
    poll = sqlite.poll().polls[0]
    assert poll.reason == "The database 'trust' cannot be reached: the file is damaged."
    path.write_bytes(b"not a database" * 1000)
    assert sqlite.poll().polls[0].reason == "The database 'trust' cannot be reached: the file is no database."
    path.write_bytes(whole)
    assert len(sqlite.read()) == 28


# --- What no hub expects in a table ----------------------------------------------------------------------------------


def test_long_rows_take_bounded_memory(postgres):
    """100 notes of 3 MB each: not all at once."""
    postgres.run(
        "insert into ward_beds select 'L' || n, date '2025-01-05', n, null, null, null, repeat('x', 3000000), "
        "timestamp '2025-01-06 08:00:00' + n * interval '1 second' from generate_series(1, 100) n"
    )
    contract = load_contracts(postgres.hub.feeds, postgres.hub.seeds)["trust", "ward_beds"]
    with bounded(megabytes=250):
        found = database.extract(contract, postgres.url, postgres.hub.settings.landing, after=None)
    assert found.rows == 100


def test_bytes_that_are_no_text_cost_one_value(postgres, monkeypatch):
    """A database of encoding SQL_ASCII takes any bytes."""
    postgres.run(
        "drop database if exists old", "create database old template template0 encoding 'SQL_ASCII' locale 'C'"
    )
    monkeypatch.setenv("BIHUB_DATABASE_TRUST", postgres.url.replace("/postgres", "/old"))
    old = postgres.server.at("old")
    try:
        old("set client_encoding = 'SQL_ASCII'", POSTGRES_TABLE.format(kind="timestamp"))
        old(
            "insert into ward_beds (ward_id, day, beds, note, updated_at) values ('A', '2025-01-05', 1, "
            "E'Zo\\xEB', '2025-01-05 08:00:00'), ('B', '2025-01-05', 2, E'Zo\\xC3\\xAB', '2025-01-05 08:00:00')"
        )
        result = postgres.poll()
        assert [(batch.status, batch.rows_accepted) for batch in result.batches] == [("accepted", 2)]
        assert postgres.hub.data("note", "ward_beds", "trust") == [("Zo\ufffd",), ("Zo\u00eb",)]
        assert "the sign for a character that was lost" in postgres.report(result.batches[0])
    finally:
        postgres.run("drop database old with (force)")


def test_bytes_that_are_no_text_in_a_file_cost_one_value(sqlite):
    sqlite.write("A", "2025-01-05 08:00:00")
    sqlite.run("update ward_beds set note = cast(x'5a6feb' as text)")
    assert [record["note"] for record in sqlite.read()] == ["Zo\ufffd"]


# --- Changed under us ------------------------------------------------------------------------------------------------


def test_renamed_column_names_table_column_and_remedy(trust):
    trust.write("A", "2025-01-05 08:00:00")
    trust.read()
    trust.run("alter table ward_beds rename column beds to beds_staffed")
    result = trust.poll()
    poll = result.polls[0]
    assert poll.status == "not_read"
    assert poll.reason == ("Table ward_beds no longer has the column 'beds' (beds), perhaps now called 'beds_staffed'.")
    assert "agree a new version of the contract" in poll.remedy and "trust.yml" in poll.remedy
    [batch] = result.rejected
    assert "This table was not read" in trust.hub.report(batch)
    assert len(trust.poll().batches) == 0, "one rejected batch for one trouble, however often it is asked"
    assert len(trust.hub.sidecars("rejected")) == 1
    trust.run("alter table ward_beds rename column beds_staffed to beds")
    trust.write("B", "2025-01-06 08:00:00")
    assert trust.wards() == ["B"]


def test_lost_optional_column_is_a_warning(trust):
    trust.write("A", "2025-01-05 08:00:00")
    trust.run("alter table ward_beds drop column note")
    result = trust.poll()
    assert result.batches[0].status == "accepted"
    assert "Column 'note' is gone from table ward_beds" in " ".join(result.batches[0].warnings)


def test_extra_column_is_never_read(trust):
    trust.run("alter table ward_beds add column surname text")
    trust.write("A", "2025-01-05 08:00:00")
    assert "surname" not in trust.read()[0]


def test_missing_table(trust):
    trust.run("drop table ward_beds")
    assert "no table ward_beds" in trust.poll().polls[0].reason


def test_changed_type_is_named_and_bad_values_are_held_back(postgres):
    postgres.run("alter table ward_beds alter column day type timestamp", "alter table ward_beds alter beds type text")
    for ward in "ABC":
        postgres.write(ward, "2025-01-05 08:00:00")
    postgres.write("D", "2025-01-05 08:00:00", day="2025-01-05 10:30:00")
    result = postgres.poll()
    [batch] = result.batches
    assert (batch.status, batch.rows_accepted, batch.rows_quarantined) == ("accepted", 3, 1)
    assert "Column 'day' of table ward_beds is timestamp, where date was agreed" in postgres.report(batch)


def test_changed_type_of_most_values_rejects_the_extract(postgres):
    postgres.run("alter table ward_beds alter beds type text")
    postgres.write("A", "2025-01-05 08:00:00", beds="'ten'")
    assert [batch.reason_kind for batch in postgres.poll().batches] == ["too_many_bad_rows"]


def test_watermark_that_is_no_timestamp_any_more(postgres):
    postgres.run("alter table ward_beds alter updated_at type text")
    poll = postgres.poll().polls[0]
    assert "Column 'updated_at' of table ward_beds is text, where a timestamp was agreed" in poll.reason


def meanwhile(postgres, monkeypatch, *statements: str) -> None:
    """Somebody changes the table after the hub looked at its columns and before it reads them."""
    original, done = database._notes_on_columns, []

    def notes(*arguments):
        if not done:
            done.append(postgres.run(*statements))
        return original(*arguments)

    monkeypatch.setattr(database, "_notes_on_columns", notes)


def test_column_renamed_while_it_is_read(postgres, monkeypatch):
    postgres.write("A", "2025-01-05 08:00:00")
    meanwhile(postgres, monkeypatch, "alter table ward_beds rename column beds to beds_staffed")
    poll = postgres.poll().polls[0]
    assert "no longer has the column 'beds' (beds), perhaps now called 'beds_staffed'" in poll.reason
    assert postgres.landing == []


def test_table_dropped_while_it_is_read(postgres, monkeypatch):
    postgres.write("A", "2025-01-05 08:00:00")
    meanwhile(postgres, monkeypatch, "drop table ward_beds")
    poll = postgres.poll().polls[0]
    assert (poll.kind, postgres.landing) == ("database_schema", [])
    assert "There is no table ward_beds in the database" in poll.reason


def test_type_changed_while_it_is_read(postgres, monkeypatch):
    for ward in "ABC":
        postgres.write(ward, "2025-01-05 08:00:00")
    postgres.write("D", "2025-01-05 08:00:01")
    meanwhile(
        postgres, monkeypatch, "alter table ward_beds alter beds type text",
        "update ward_beds set beds = 'ten' where ward_id = 'D'",
    )  # fmt: skip
    assert postgres.poll().polls[0].status == "nothing_new", "a table written anew is empty to a snapshot from before"
    [batch] = postgres.poll().batches
    assert (batch.status, batch.rows_accepted, batch.rows_quarantined) == ("accepted", 3, 1)
    assert "'beds' is not a whole number" in postgres.report(batch)


def test_table_that_was_gone_for_a_while_loses_nothing(trust):
    trust.write("A", "2025-01-05 08:00:00")
    assert trust.wards() == ["A"]
    trust.run("alter table ward_beds rename to ward_beds_away")
    assert "no table ward_beds" in trust.poll().polls[0].reason
    trust.run("alter table ward_beds_away rename to ward_beds")
    trust.write("B", "2025-01-05 08:10:00")
    assert (trust.wards(), trust.read()) == (["B"], [])


# --- Rights ----------------------------------------------------------------------------------------------------------


def test_no_right_to_read(postgres, monkeypatch):
    postgres.run(
        "drop role if exists guest",
        "create role guest login password 'guest'",
        "grant select (ward_id, day, beds, updated_at) on ward_beds to guest",
    )
    monkeypatch.setenv("BIHUB_DATABASE_TRUST", postgres.url.replace(f"boss:{QUOTED}", "guest:guest"))
    poll = postgres.poll().polls[0]
    assert poll.kind == "database_permission" and "grants select on the columns of the contract" in poll.remedy
    postgres.run("grant select (rate, is_open, opens_at, note) on ward_beds to guest")
    postgres.write("A", "2025-01-05 08:00:00")
    assert postgres.wards() == ["A"]
    postgres.run("drop owned by guest", "drop role guest")


def test_right_withdrawn_and_given_back(postgres, monkeypatch):
    postgres.run(
        "drop role if exists guest", "create role guest login password 'guest'", "grant select on ward_beds to guest"
    )
    monkeypatch.setenv("BIHUB_DATABASE_TRUST", postgres.url.replace(f"boss:{QUOTED}", "guest:guest"))
    postgres.write("A", "2025-01-05 08:00:00")
    assert postgres.wards() == ["A"]
    postgres.run("revoke select on ward_beds from guest")
    result = postgres.poll()
    assert [(batch.status, batch.reason_kind) for batch in result.batches] == [("rejected", "database_permission")]
    assert "grants select on the columns" in postgres.report(result.batches[0])
    postgres.run("grant select on ward_beds to guest")
    postgres.write("B", "2025-01-05 08:10:00")
    assert (postgres.wards(), postgres.read()) == (["B"], [])
    postgres.run("drop owned by guest", "drop role guest")
