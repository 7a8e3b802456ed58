"""Feeds that are read from a database: on a real PostgreSQL server where there is one, and on SQLite everywhere."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import traceback
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from database_kit import (  # noqa: F401
    CONTRACT,
    POSTGRES_TABLE,
    hub_fixture,
    impatient_fixture,
    many_rows,
    postgres_fixture,
    server_fixture,
    sqlite_fixture,
    trust_fixture,
)
from ingest_kit import Hub
from postgres import PASSWORD, QUOTED

from orchestration.contracts import ContractsError, load_contracts
from orchestration.ingest import database
from orchestration.ingest.connections import Connection, connection_of, variable, write_connection
from orchestration.ingest.database import extract
from orchestration.ingest.outcome import NotRead
from orchestration.settings import PROJECT, Settings

# --- What is new, once -----------------------------------------------------------------------------------------------


def test_polls_bring_what_changed_and_nothing_else(trust):
    trust.write("A", "2025-01-05 08:00:00")
    trust.write("B", "2025-01-05 08:05:00")
    assert trust.wards() == ["A", "B"]
    assert trust.read() == []
    trust.write("C", "2025-01-06 08:00:00")
    assert trust.wards() == ["C"]
    assert trust.read() == []
    assert trust.landing == [
        "ward_beds_20250105T080000_20250105T080500.jsonl",
        "ward_beds_20250106T080000_20250106T080000.jsonl",
    ]
    assert [sidecar["watermark"] for sidecar in trust.hub.sidecars()] in (
        ["2025-01-05 08:05:00", "2025-01-06 08:00:00"],
        ["2025-01-06 08:00:00", "2025-01-05 08:05:00"],
    )


def test_only_columns_of_the_contract_are_read(trust):
    trust.write("A", "2025-01-05 08:00:00")
    [record] = trust.read()
    assert list(record) == ["ward_id", "day", "beds", "rate", "is_open", "opens_at", "note", "updated_at"]


def test_empty_table_leaves_nothing(trust):
    result = trust.poll()
    assert (result.polls[0].status, result.batches, trust.landing) == ("nothing_new", [], [])


def test_late_correction_comes_once(trust):
    trust.write("A", "2025-01-05 08:00:00")
    trust.write("B", "2025-01-05 08:00:00")
    trust.read()
    trust.write("A", "2025-03-01 10:00:00", beds=11)
    assert [(record["ward_id"], record["beds"]) for record in trust.read()] == [("A", 11)]
    assert trust.read() == []


def test_row_that_changes_twice_within_a_second(trust):
    trust.write("A", "2025-01-05 08:00:00", beds=1)
    assert [record["beds"] for record in trust.read()] == [1]
    trust.write("A", "2025-01-05 08:00:00", beds=2)
    assert [record["beds"] for record in trust.read()] == [2]
    assert trust.read() == []
    assert len(trust.landing) == 2, "two extracts with the same watermarks are two files"


def test_ties_and_rows_committed_late_are_not_lost_and_never_loop(trust):
    trust.write("A", "2025-01-05 08:00:00")
    trust.write("B", "2025-01-05 08:30:00")
    trust.read()
    trust.write("C", "2025-01-05 08:30:00")
    assert trust.wards() == ["C"]
    trust.write("D", "2025-01-05 07:45:00")
    assert trust.wards() == ["D"]
    trust.write("E", "2025-01-05 07:29:59")
    assert trust.read() == [], "older than the overlap: the contract's overlap_minutes says how late is too late"
    trust.write("F", "2025-01-05 08:31:00")
    assert trust.wards() == ["F"]
    assert trust.read() == []


def test_rejected_extract_is_asked_for_again(trust):
    trust.write("A", "2025-01-05 08:00:00", beds="null")
    result = trust.poll()
    assert [(batch.status, batch.reason_kind) for batch in result.batches] == [("rejected", "too_many_bad_rows")]
    again = trust.poll()
    assert (again.batches, len(trust.landing)) == ([], 1), "the same rows are the same file"
    trust.write("A", "2025-01-05 09:00:00", beds=3)
    assert [record["beds"] for record in trust.read()] == [3]
    assert trust.read() == []


def test_quarantined_row_is_not_read_for_ever(trust):
    for ward in "ABCD":
        trust.write(ward, "2025-01-05 08:00:00")
    trust.write("E", "2025-01-05 08:00:01", beds="null")
    result = trust.poll()
    assert [(batch.status, batch.rows_quarantined) for batch in result.batches] == [("accepted", 1)]
    assert trust.read() == []


def test_extract_that_was_never_taken_in_is_found(trust, monkeypatch):
    """Killed between landing and the lake: the file is there, and taken in next time, once."""
    trust.write("A", "2025-01-05 08:00:00")
    contract = load_contracts(trust.hub.feeds, trust.hub.seeds)["trust", "ward_beds"]
    extract(contract, trust.url, trust.hub.settings.landing, after=None)
    assert len(trust.poll().batches) == 1
    assert (len(trust.landing), trust.read()) == (1, [])


def test_poll_that_was_killed_leaves_nothing_behind(trust):
    trust.write("A", "2025-01-05 08:00:00")
    (trust.hub.settings.landing / "trust").mkdir()
    left = trust.hub.settings.landing / "trust" / f"{database.UNFINISHED}ward_beds-4711"
    left.write_text('{"ward_id":"A","da')
    assert trust.wards() == ["A"]
    assert not left.exists() and len(trust.landing) == 1


def test_landing_may_be_emptied(trust):
    trust.write("A", "2025-01-05 08:00:00")
    trust.read()
    for name in trust.landing:
        (trust.hub.settings.landing / "trust" / name).unlink()
    assert trust.read() == []


def test_rows_without_or_with_a_future_watermark_are_named(trust):
    trust.write("A", "2025-01-05 08:00:00")
    trust.write("B", "2999-01-05 08:00:00")
    trust.run("insert into ward_beds (ward_id, day, beds) values ('C', '2025-01-05', 1)")
    result = trust.poll()
    assert [batch.rows_accepted for batch in result.batches] == [1]
    said = " ".join(result.polls[0].warnings)
    assert "1 rows of table ward_beds have no 'updated_at'" in said
    assert "1 rows of table ward_beds have 'updated_at' in the future" in said
    assert "have no 'updated_at'" in trust.report(result.batches[0])
    trust.write("D", "2025-01-05 09:00:00")
    assert trust.wards() == ["D"], "a row dated 2999 must not hide the others until then"


def test_a_file_with_a_row_of_the_future_does_not_hide_the_others(sqlite):
    record = {"ward_id": "Z", "day": "2025-01-05", "beds": 1, "updated_at": "2099-01-05 08:00:00"}
    sqlite.hub.send("ward_beds_by_hand.jsonl", json.dumps(record) + "\n", partner="trust")
    assert len(sqlite.poll().accepted) == 1
    sqlite.write("A", "2025-01-05 09:00:00")
    assert sqlite.wards() == ["A"]


def test_polls_of_the_past(trust):
    """As the demo plays them: up to a moment, received then."""
    contract = load_contracts(trust.hub.feeds, trust.hub.seeds)["trust", "ward_beds"]
    landing = trust.hub.settings.landing
    for day in (5, 6, 7):
        trust.write("A", f"2025-01-0{day} 08:00:00", day=f"2025-01-0{day}")
    after = None
    for day in (5, 6, 7):
        moment = datetime(2025, 1, day, 9)
        found = extract(contract, trust.url, landing, after=after, until=moment, received_at=moment)
        assert (found.rows, found.last) == (1, datetime(2025, 1, day, 8))
        assert datetime.fromtimestamp(found.path.stat().st_mtime) == moment or os.environ.get("TZ")
        after = found.last
    assert extract(contract, trust.url, landing, after=after, until=moment).path is None
    assert len(trust.poll().accepted) == 3
    assert trust.read() == []


# --- What goes wrong -------------------------------------------------------------------------------------------------


def test_nothing_is_read_without_an_agreement(trust, monkeypatch):
    trust.write("A", "2025-01-05 08:00:00")
    (trust.hub.seeds / "data_sharing_agreement.csv").write_text(
        "agreement_id,organisation_code,dataset,purpose,status,starts_on,ends_on\n"
    )
    monkeypatch.setattr(database, "_read", lambda *_: pytest.fail("read without an agreement"))
    assert trust.poll().polls[0].kind == "no_agreement"


def test_other_feeds_go_on(sqlite, hub):
    """Unreachable: its own feed is late and says why; files of others are taken in."""
    from ingest_kit import CONTRACT as CLINIC
    from ingest_kit import rows, text

    hub.contract(CLINIC)
    hub.send("visits_1.csv", text(rows(2)))
    sqlite.write("A", "2025-01-05 08:00:00")
    first = hub.ingest()
    assert (len(first.accepted), first.already_known) == (2, 0), "each file is counted once"
    hub.send("visits_2.csv", text(rows(3)))
    (hub.settings.home / "systems" / "trust.sqlite").unlink()
    result = hub.ingest()
    assert [(batch.feed, batch.status) for batch in result.batches] == [
        ("clinic.visits", "accepted"),
        ("trust.ward_beds", "rejected"),
    ] or {(batch.feed, batch.status) for batch in result.batches} == {
        ("clinic.visits", "accepted"),
        ("trust.ward_beds", "rejected"),
    }
    assert "cannot be reached" in result.rejected[0].reason


def test_home_without_a_connection_is_no_fault(hub):
    result = hub.ingest()
    assert (result.polls[0].status, result.batches) == ("not_set_up", [])
    assert result.feeds_missing == ["trust.ward_beds"]


# --- Connections and their secrets -----------------------------------------------------------------------------------


def test_connections_file_that_others_can_read_is_refused(sqlite):
    sqlite.hub.settings.connections.chmod(0o640)
    poll = sqlite.poll().polls[0]
    assert poll.status == "not_read" and "chmod 600" in poll.remedy


def test_variable_comes_before_the_file(hub, monkeypatch):
    write_connection(hub.settings.connections, "trust", "sqlite:///file.sqlite")
    assert connection_of(hub.settings, "trust").url.endswith("/file.sqlite")
    monkeypatch.setenv(variable("trust"), "sqlite:////elsewhere.sqlite")
    assert connection_of(hub.settings, "trust").url == "sqlite:////elsewhere.sqlite"
    assert connection_of(hub.settings, "other") is None


@pytest.mark.parametrize(
    "text",
    [
        '[trust]\nurl = "postgres-ql//u:hunter2@h/d"\n',
        '[trust]\nurl = "mysql://u:hunter2@h/d"\n',
        '[trust]\nurl = "postgresql://u:hunter2@h/d\n',
        '[trust]\nurl = "postgresql://u:hunter2@h/d"\nuri = 1\n',
        '[trust]\nurl = "postgresql://u:hunter2@h/d"\nconnect_timeout_seconds = "hunter2"\n',
        '[trust]\naddress = "postgresql://u:hunter2@h/d"\n',
        '[trust]\nurl = "postgresql://u:hunter2@h:port/d"\n',
        '[trust]\nurl = "postgresql://u:hunter2@no-such-host.invalid/d?sslmode=hunter2"\n',
    ],
)
def test_wrong_connection_is_told_without_its_secrets(hub, text):
    hub.settings.connections.write_text(text)
    hub.settings.connections.chmod(0o600)
    result = hub.ingest()
    assert result.polls[0].status == "not_read"
    assert_nowhere("hunter2", hub, result, outside=hub.settings.connections)


def assert_nowhere(secret: str, hub: Hub, result, *said: str, outside: Path | None = None) -> None:
    texts = [repr(result), *said]
    texts += [path.read_bytes().decode("latin-1") for path in hub.settings.home.rglob("*")
              if path.is_file() and path != outside]  # fmt: skip
    assert not any(secret in text for text in texts)


def test_wrong_password_is_told_without_it(postgres, monkeypatch, caplog):
    caplog.set_level(logging.DEBUG)
    url = postgres.url.replace(QUOTED, "wr0ng-hunter2")
    monkeypatch.setenv("BIHUB_DATABASE_TRUST", url)
    result = postgres.poll()
    assert result.polls[0].reason == "The database 'trust' refuses the hub's user name or password."
    with pytest.raises(NotRead) as caught:
        contract = load_contracts(postgres.hub.feeds, postgres.hub.seeds)["trust", "ward_beds"]
        extract(contract, url, postgres.hub.settings.landing, after=None)
    chain = "".join(traceback.format_exception(caught.value))
    assert caught.value.__context__ is None and caught.value.__cause__ is None
    for secret in ("wr0ng-hunter2", PASSWORD, QUOTED):
        assert_nowhere(secret, postgres.hub, result, chain, caplog.text, repr(Connection("trust", url)))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("/postgres", "/elsewhere"), "no database of that name"),
        (("boss:", "nobody:"), "refuses the hub's user name or password"),
        (("127.0.0.1", "no-such-host.invalid"), "cannot be reached: its host name is unknown"),
    ],
)
def test_wrong_address(postgres, monkeypatch, change, words):
    monkeypatch.setenv("BIHUB_DATABASE_TRUST", postgres.url.replace(*change))
    assert words in postgres.poll().polls[0].reason


def test_nobody_answers(hub, monkeypatch):
    import socket

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        write_connection(hub.settings.connections, "trust", f"postgresql://u:hunter2@127.0.0.1:{port}/d")
        with hub.settings.connections.open("a") as file:
            file.write("connect_timeout_seconds = 2\n")
        monkeypatch.setattr(database, "ATTEMPTS", 1)
        assert "did not answer within 2 seconds" in hub.ingest().polls[0].reason
    assert "nothing answers at its address" in hub.ingest().polls[0].reason


# --- PostgreSQL's own ------------------------------------------------------------------------------------------------


def test_values_are_written_as_the_contract_wants_them(postgres):
    postgres.run(
        "drop table ward_beds",
        POSTGRES_TABLE.format(kind="timestamptz").replace("beds integer", "beds numeric(10, 2)"),
        "insert into ward_beds values ('A|\"é', '2025-07-05', 12.00, 3.50, true, '08:30:00', E'two\\nlines', "
        "'2025-07-05 07:59:59.987+00', '9990000018'), ('B', '2025-01-05', 7, null, null, null, '', "
        "'2025-01-05 08:00:00+00', null)",
    )
    assert postgres.read() == [
        {"ward_id": "B", "day": "2025-01-05", "beds": 7, "rate": None, "is_open": None, "opens_at": None, "note": "",
         "updated_at": "2025-01-05 08:00:00"},
        {"ward_id": 'A|"é', "day": "2025-07-05", "beds": 12, "rate": "3.50", "is_open": True, "opens_at": "08:30",
         "note": "two\nlines", "updated_at": "2025-07-05 08:59:59"},
    ]  # fmt: skip
    assert postgres.read() == []
    assert len(postgres.hub.data(table="ward_beds", partner="trust")) == 2


def test_hour_that_the_clock_repeats_loses_nothing(postgres):
    """01:30 British Summer Time, then 01:10 Greenwich Mean Time, 40 minutes later by the sun."""
    postgres.run("drop table ward_beds", POSTGRES_TABLE.format(kind="timestamptz"))
    postgres.write("A", "2025-10-26 01:30:00+01")
    assert postgres.wards() == ["A"]
    postgres.write("B", "2025-10-26 01:10:00+00")
    assert postgres.wards() == ["B"]
    postgres.write("C", "2025-10-26 01:59:00+00")
    assert postgres.wards() == ["C"]
    postgres.write("D", "2025-10-26 02:00:00+00")
    assert postgres.wards() == ["D"]
    assert postgres.read() == []


def test_dates_beyond_the_calendar_cost_their_row_only(postgres):
    for ward in "ABC":
        postgres.write(ward, "2025-01-05 08:00:00")
    postgres.write("D", "2025-01-05 08:00:00", day="infinity")
    [batch] = postgres.poll().batches
    assert (batch.status, batch.rows_accepted, batch.rows_quarantined) == ("accepted", 3, 1)


def test_one_moment_is_read(postgres, monkeypatch):
    """Rows written while an extract runs belong to the next one."""
    many_rows(postgres, 2 * database.CHUNK_ROWS)
    original = database._unreachable_rows

    def and_meanwhile(*arguments):
        found = original(*arguments)
        if not postgres.run("select 1 from ward_beds where ward_id = 'X'"):
            postgres.write("X", "2025-01-05 07:59:00")
        return found

    monkeypatch.setattr(database, "_unreachable_rows", and_meanwhile)
    assert len(postgres.read()) == 2 * database.CHUNK_ROWS


def test_two_hundred_thousand_rows_in_bounded_memory(postgres, tmp_path):
    many_rows(postgres, 200_000)
    code = (
        "import resource, sys; from pathlib import Path; from datetime import datetime\n"
        "from orchestration.contracts import load_contracts; from orchestration.ingest.database import extract\n"
        "contract = load_contracts(sys.argv[1], sys.argv[2])['trust', 'ward_beds']\n"
        "def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024\n"
        "few = extract(contract, sys.argv[3], Path(sys.argv[4]), after=None, until=datetime(2025, 1, 5, 8, 50))\n"
        "before = peak()\n"
        "many = extract(contract, sys.argv[3], Path(sys.argv[4]), after=None)\n"
        "print(few.rows, many.rows, peak() - before)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(postgres.hub.feeds), str(postgres.hub.seeds), postgres.url, str(tmp_path)],
        cwd=PROJECT, text=True, capture_output=True, check=True,
    )  # fmt: skip
    few, many, grown = done.stdout.split()
    assert (few, many) == ("3000", "200000")
    assert float(grown) < 30, f"{grown} MB more for 200,000 rows than for 3,000"


# --- Contract --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("watermark: updated_at", "watermark: update_at", "did you mean 'updated_at'?"),
        ("watermark: updated_at", "watermark: day", "'day' must be a timestamp"),
        ("relation: ward_beds", "relation: ward_beds; drop table x", "is not allowed here"),
        ("connection: trust,", "", "'connection' is missing"),
        ("connection: trust", "conection: trust, connection: trust", "did you mean 'connection'?"),
        ("mode: upsert", "mode: snapshot", "so the mode is upsert"),
        ('"ward_beds_*.jsonl"', '"beds_*.jsonl"', 'write "ward_beds_*.jsonl"'),
        ("path: ward_id", "path: ward.id", "is not the name of a column"),
        ('"%Y-%m-%d %H:%M:%S"', '"%d/%m/%Y %H:%M:%S"', "must sort as text does"),
    ],
)
def test_mistake_in_the_contract_is_named(hub, old, new, said):
    hub.contract(CONTRACT.replace(old, new, 1), "trust.yml")
    with pytest.raises(ContractsError) as caught:
        load_contracts(hub.feeds, hub.seeds)
    assert said in str(caught.value) and "trust.yml:" in str(caught.value)


def test_watermark_without_a_batch(hub):
    from orchestration.ingest.polls import position

    contract = load_contracts(hub.feeds, hub.seeds)["trust", "ward_beds"]
    assert position(Settings(home=hub.settings.home), contract) == (None, set())


def test_overlap_is_a_key_of_the_contract(sqlite):
    sqlite.hub.contract(
        CONTRACT.replace("watermark: updated_at", "watermark: updated_at, overlap_minutes: 1440"), "trust.yml"
    )
    sqlite.write("A", "2025-01-05 08:00:00")
    sqlite.read()
    late = datetime(2025, 1, 5, 8) - timedelta(hours=23)
    sqlite.write("B", f"{late}")
    assert sqlite.wards() == ["B"]
