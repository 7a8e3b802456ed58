"""The life of a file: gate, ledger, order, what is left alone, and what the partner is told."""

from __future__ import annotations

import json
import os
from datetime import datetime, timedelta

import duckdb
import pytest
from ingest_kit import AGREEMENTS, ARRIVED, CONTRACT, Hub, failed, rows, text

from orchestration.contracts import ContractsError
from orchestration.ingest import IngestBusy, IngestFailed, ledger
from orchestration.ingest.report import shape


@pytest.fixture
def hub(tmp_path):
    return Hub(tmp_path)


# --- What a batch is --------------------------------------------------------------------------------------------------


def test_an_accepted_batch_says_everything_about_itself(hub):
    outcome = hub.take(text(rows(3)))
    [sidecar] = hub.sidecars()
    assert sidecar["received_at"] == "2025-01-06 07:00:00"
    said = {
        "partner": "clinic",
        "feed_table": "visits",
        "status": "accepted",
        "file_name": "visits_1.csv",
        "contract_version": "1.0",
        "agreement": "ISA-999",
        "rows_in": 3,
        "rows_accepted": 3,
        "rows_quarantined": 0,
        "reason": None,
    }
    assert {key: sidecar[key] for key in said} == said
    import hashlib

    assert sidecar["batch_id"] == hashlib.sha256(text(rows(3)).encode()).hexdigest() == outcome.batch_id
    assert sidecar["file_bytes"] == len(text(rows(3)))
    folder = hub.settings.raw / "clinic" / "visits" / f"batch={outcome.batch_id}"
    assert {path.name for path in folder.iterdir()} == {"data.parquet", "profile.parquet", "batch.json", "report.md"}
    assert hub.data("_batch_id, _received_at, _file_name, _row_number")[2] == (
        outcome.batch_id,
        ARRIVED,
        "visits_1.csv",
        3,
    )


def test_the_second_run_does_nothing(hub):
    hub.take(text(rows(3)))
    before = {path: path.stat().st_mtime_ns for path in hub.settings.raw.rglob("*")}
    result = hub.ingest()
    assert (result.batches, result.already_known) == ([], 1)
    assert {path: path.stat().st_mtime_ns for path in hub.settings.raw.rglob("*")} == before


def test_a_known_file_is_not_read_again(hub, monkeypatch):
    hub.take(text(rows(3)))
    monkeypatch.setattr("orchestration.ingest.stage.fingerprint_and_stage", lambda *_: pytest.fail("read again"))
    assert hub.ingest().already_known == 1


def test_the_same_bytes_twice_are_one_batch(hub):
    hub.send("visits_1.csv", text(rows(3)))
    hub.send("visits_2.csv", text(rows(3)), ARRIVED + timedelta(days=1))
    result = hub.ingest()
    assert (len(result.batches), result.already_known) == (1, 1)
    hub.send("visits_3.csv", text(rows(3)), ARRIVED + timedelta(days=2))
    assert hub.ingest().already_known == 3
    assert len(hub.data()) == 3


def test_rejected_bytes_twice_are_one_rejection(hub):
    hub.send("visits_1.csv", b"")
    hub.send("visits_2.csv", b"", ARRIVED + timedelta(days=1))
    result = hub.ingest()
    assert (len(result.rejected), result.already_known) == (1, 1)
    assert hub.ingest().already_known == 2


def test_a_file_replaced_under_the_same_name_is_a_new_batch(hub):
    hub.take(text(rows(3)))
    outcome = hub.take(text(rows(3, Status="B")))
    assert outcome.status == "accepted" and len(hub.sidecars()) == 2


def test_a_file_replaced_with_the_same_size_and_time_is_seen(hub):
    path = hub.send("visits_1.csv", text(rows(3, Status="A")))
    hub.ingest()
    before = path.stat()
    path.write_text(text(rows(3, Status="B")))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_size == before.st_size
    assert len(hub.ingest().accepted) == 1


def test_files_that_arrive_out_of_order_keep_their_own_time(hub):
    hub.send("visits_2.csv", text(rows(2, Status="B")), ARRIVED + timedelta(days=2))
    hub.ingest()
    hub.send("visits_1.csv", text(rows(2, Status="A")), ARRIVED + timedelta(days=1))
    hub.ingest()
    assert hub.data("_file_name, _received_at") == [
        *[("visits_1.csv", ARRIVED + timedelta(days=1))] * 2, *[("visits_2.csv", ARRIVED + timedelta(days=2))] * 2,
    ]  # fmt: skip


# --- When it was received ---------------------------------------------------------------------------------------------


def test_received_at_is_the_file_time_on_the_london_clock(hub):
    path = hub.send("visits_1.csv", text(rows(1)))
    summer = datetime.fromisoformat("2025-07-01T06:00:00+00:00").timestamp()
    os.utime(path, (summer, summer))
    assert hub.ingest().batches[0].received_at == datetime(2025, 7, 1, 7)


@pytest.mark.parametrize(
    ("mtime", "described", "expected"),
    [
        ("2025-01-06 07:00:00", None, "2025-01-06 07:00:00"),
        ("2025-01-09 07:00:00", None, "2025-01-08 12:00:00"),
        ("2025-01-07 00:00:01", "2025-01-07 00:00:00", "2025-01-07 00:00:01"),
        ("2025-01-07 00:00:00", "2025-01-07 00:00:00", "2025-01-08 12:00:00"),
        ("2025-01-06 07:00:00", "2025-01-07 00:00:00", "2025-01-08 12:00:00"),
        ("2025-01-06 07:00:00", "2025-01-09 00:00:00", "2025-01-09 00:00:01"),
    ],
    ids=["file time", "never in the future", "after the last run", "at the last run", "late", "clock moved back"],
)
def test_nothing_slips_into_a_past_already_published(mtime, described, expected):
    def moment(text):
        return datetime.fromisoformat(text) if text else None

    now = moment("2025-01-08 12:00:00")
    ns = int(moment(mtime).replace(tzinfo=ledger.LONDON).timestamp()) * 10**9
    assert ledger.received_at(ns, now, moment(described)) == moment(expected)


def test_a_late_file_is_received_after_the_last_completed_run(hub):
    hub.settings.audit.mkdir(parents=True)
    (hub.settings.audit / "last_run.json").write_text('{"as_of": "2025-01-31 08:00:00"}')
    outcome = hub.take(text(rows(1)))
    assert outcome.received_at > datetime(2025, 1, 31, 8)


# --- The gate ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("agreements", "words"),
    [
        (AGREEMENTS.splitlines()[0] + "\n", "No sharing agreement ISA-999 with RXX"),
        (AGREEMENTS.replace("RXX", "RYY"), "No sharing agreement ISA-999 with RXX"),
        (AGREEMENTS.replace("visits", "others"), "does not cover"),
        (AGREEMENTS.replace("secondary_use", "direct_care"), "does not cover"),
        (AGREEMENTS.replace("signed", "draft"), "is draft, not signed"),
        (AGREEMENTS.replace("2020-04-01", "2025-01-07"), "not on 6 January 2025"),
        (AGREEMENTS.replace("2020-04-01,", "2020-04-01,2025-01-05"), "not on 6 January 2025"),
    ],
    ids=["none", "other organisation", "other data", "other purpose", "draft", "not begun", "ended"],
)
def test_without_an_agreement_in_force_nothing_is_taken(hub, agreements, words):
    (hub.seeds / "data_sharing_agreement.csv").write_text(agreements)
    outcome = hub.take(text(rows(3)))
    assert (outcome.status, outcome.reason_kind) == ("rejected", "no_agreement") and words in outcome.reason
    assert "Nothing is wrong with the file" in hub.report(outcome)
    [folder] = hub.settings.rejected.glob("*/*/*")
    assert not list(folder.glob("*.parquet")), "no record may be kept without an agreement"


@pytest.mark.parametrize("edge", ["2025-01-06,2025-01-06", "2020-04-01,2025-01-06", "2025-01-06,"])
def test_an_agreement_counts_on_its_first_and_last_day(hub, edge):
    (hub.seeds / "data_sharing_agreement.csv").write_text(AGREEMENTS.replace("2020-04-01,", edge))
    assert hub.take(text(rows(1))).status == "accepted"


def test_an_agreement_signed_later_lets_the_waiting_file_in_without_sending_again(hub):
    (hub.seeds / "data_sharing_agreement.csv").write_text(AGREEMENTS.replace("signed", "draft"))
    hub.take(text(rows(3)))
    assert hub.ingest().already_known == 1
    (hub.seeds / "data_sharing_agreement.csv").write_text(AGREEMENTS)
    assert [batch.status for batch in hub.ingest().batches] == ["accepted"]
    assert hub.sidecars("rejected") == [] and len(hub.sidecars()) == 1


def test_a_changed_contract_gives_a_rejected_file_another_chance_and_leaves_accepted_ones(hub):
    hub.send("visits_1.csv", text(rows(2)))
    hub.send("visits_2.csv", text(rows(2), newline="\n").replace("Arrived", "Arrival Time", 1))
    assert [batch.status for batch in hub.ingest().batches] == ["accepted", "rejected"]
    hub.contract(CONTRACT.replace("local_name: Arrived", "local_name: Arrival Time"))
    result = hub.ingest()
    assert ([batch.status for batch in result.batches], result.already_known) == (["accepted"], 1)


def test_refused_once_more_a_file_was_received_when_it_was(hub):
    """A look under other rules is no news: the moment that the hub describes must not move for it."""
    (hub.seeds / "data_sharing_agreement.csv").write_text(AGREEMENTS.replace("signed", "draft"))
    hub.take(text(rows(3)))
    [before] = hub.sidecars("rejected")
    hub.settings.audit.mkdir(parents=True, exist_ok=True)
    (hub.settings.audit / "last_run.json").write_text(json.dumps({"as_of": "2025-02-01 00:00:00"}))
    hub.contract(CONTRACT.replace('version: "1.0"', 'version: "1.1"'))
    [outcome] = hub.ingest().batches
    [after] = hub.sidecars("rejected")
    assert (outcome.status, after["contract_version"]) == ("rejected", "1.1")
    assert after["received_at"] == before["received_at"] == "2025-01-06 07:00:00"


@pytest.mark.parametrize(("bad", "status"), [(5, "accepted"), (6, "rejected")])
def test_too_many_bad_rows_reject_the_batch(hub, bad, status):
    records = rows(10)
    for record in records[:bad]:
        record["Beds"] = "many"
    outcome = hub.take(text(records))
    assert outcome.status == status
    assert outcome.rows_quarantined == bad and outcome.rows_accepted == (5 if status == "accepted" else 0)
    assert len(hub.quarantine()) == bad
    if status == "rejected":
        assert (
            outcome.reason_kind == "too_many_bad_rows"
            and "6 of 10 records (60.0%)" in outcome.reason
            and "at most 50%" in outcome.reason
        )


# --- What is left alone -----------------------------------------------------------------------------------------------


def test_what_no_contract_claims_is_reported_and_left(hub, tmp_path):
    hub.send("visits_1.csv", text(rows(1)))
    hub.send("notes.txt", "hello")
    hub.send("visits_2.csv.part", "hello")
    hub.send("visits_9.csv", "x", partner="stranger")
    (hub.settings.landing / "loose.csv").write_text("x")
    (hub.settings.landing / "clinic" / "visits_folder.csv").mkdir()
    secret = tmp_path / "secret.csv"
    secret.write_text(text(rows(1, Status="B")))
    (hub.settings.landing / "clinic" / "visits_link.csv").symlink_to(secret)
    (hub.settings.landing / "other").symlink_to(tmp_path)
    os.mkfifo(hub.settings.landing / "clinic" / "visits_pipe.csv")
    hub.send("visits_\n.csv", "x")
    hub.send("visits_..\\..\\x.csv", "x")
    result = hub.ingest()
    assert len(result.accepted) == 1
    why = {unknown.path: unknown.why for unknown in result.unknown_files}
    assert set(why) == {
        "clinic/notes.txt", "clinic/visits_2.csv.part", "stranger/", "loose.csv", "clinic/visits_folder.csv/",
        "clinic/visits_link.csv",
        "other", "clinic/visits_pipe.csv", "clinic/visits_\\x0a.csv", "clinic/visits_..\\..\\x.csv",
    }  # fmt: skip
    assert "matches no pattern" in why["clinic/notes.txt"] and "'visits_*.csv'" in why["clinic/notes.txt"]
    assert "links are never followed" in why["clinic/visits_link.csv"]


def test_a_file_still_being_written_waits(hub, monkeypatch):
    path = hub.send("visits_1.csv", text(rows(1)))
    os.utime(path)
    monkeypatch.setattr("time.sleep", lambda _: path.write_text(text(rows(2))))
    result = hub.ingest(settle=2.0)
    assert result.batches == [] and [waiting.path for waiting in result.waiting] == ["clinic/visits_1.csv"]
    assert hub.ingest().batches[0].rows_in == 2


def test_discovery_looks_twice_at_fresh_files_only(hub, monkeypatch):
    from orchestration.contracts import load_contracts
    from orchestration.ingest.discover import discover

    fresh = hub.send("visits_1.csv", text(rows(1)))
    hub.send("visits_2.csv", text(rows(1)))
    os.utime(fresh)
    slept = []
    monkeypatch.setattr("time.sleep", lambda seconds: (slept.append(seconds), fresh.write_text(text(rows(2)))))
    found, unknown, waiting = discover(hub.settings.landing, load_contracts(hub.feeds, hub.seeds).values(), settle=2.0)
    assert [file.relative for file in found] == ["clinic/visits_2.csv"] and unknown == []
    assert [file.path for file in waiting] == ["clinic/visits_1.csv"] and 0 < slept[0] <= 2


def test_a_required_value_is_never_asked_to_be_left_empty(hub):
    outcome = hub.take(text([*rows(3), {**rows(1)[0], "Arrived": "soon", "Beds": "many"}]))
    report = hub.report(outcome)
    assert "Send 'Beds' as a whole number, or leave it empty." in report
    assert "Send 'Arrived' as a real date and time in the form yyyy-mm-dd hh:mm:ss or dd/mm/yyyy hh:mm." in report


def test_a_file_that_changes_while_it_is_read_waits(hub, monkeypatch):
    from orchestration.ingest import stage

    path = hub.send("visits_1.csv", text(rows(1)))
    whole = stage._stage
    monkeypatch.setattr(stage, "_stage", lambda *a: (whole(*a), path.write_text(text(rows(5)))))
    result = hub.ingest()
    assert result.batches == [] and len(result.waiting) == 1 and not list(hub.settings.raw.glob("*/*/*"))
    monkeypatch.undo()
    assert hub.ingest().batches[0].rows_in == 5


def test_an_absent_feed_is_named(hub):
    assert hub.ingest().feeds_missing == ["clinic.visits"]
    hub.take(text(rows(1)))
    assert hub.ingest().feeds_missing == []


def test_only_the_feeds_asked_for(hub):
    hub.contract(CONTRACT.replace("name: clinic", "name: ward", 1), "ward.yml")
    hub.send("visits_1.csv", text(rows(1)))
    hub.send("visits_1.csv", text(rows(1)), partner="ward")
    assert [batch.feed for batch in hub.ingest(only={"ward.visits"}).batches] == ["ward.visits"]
    with pytest.raises(ValueError, match=r"no feed is called 'ward\.visit'.*ward\.visits"):
        hub.ingest(only={"ward.visit"})


# --- One bad thing never stops the others -----------------------------------------------------------------------------


def test_a_bad_file_never_stops_the_others(hub):
    hub.send("visits_1.csv", b"\x00\x01\x02" * 1000)
    hub.send("visits_2.csv", text(rows(2)))
    hub.send("visits_3.csv", text(rows(2)).encode("utf-16"))
    result = hub.ingest()
    assert sorted(batch.status for batch in result.batches) == ["accepted", "rejected", "rejected"]


def test_a_fault_of_the_hub_touches_one_file_and_is_tried_again(hub, monkeypatch):
    from orchestration.ingest import report

    hub.send("visits_1.csv", text(rows(2)))
    hub.send("visits_2.csv", text(rows(3)))
    real = report.render

    def stumble(outcome, contract):
        if outcome.file_name == "visits_1.csv":
            raise ZeroDivisionError
        return real(outcome, contract)

    monkeypatch.setattr(report, "render", stumble)
    result = hub.ingest()
    assert [(batch.file_name, batch.rows_in) for batch in result.accepted] == [("visits_2.csv", 3)]
    assert [batch.file_name for batch in result.failed] == ["visits_1.csv"]
    assert "stumbled over this file (ZeroDivisionError" in result.failed[0].reason
    monkeypatch.undo()
    assert [batch.status for batch in hub.ingest().batches] == ["accepted"]


def test_an_unreadable_file_is_named_and_tried_again(hub, monkeypatch):
    from orchestration.ingest import stage

    hub.send("visits_1.csv", text(rows(1)))
    real = os.open

    def refuse(path, *arguments, **more):
        if str(path).endswith("visits_1.csv"):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path, *arguments, **more)

    monkeypatch.setattr(stage.os, "open", refuse)
    assert "Permission denied" in hub.ingest().failed[0].reason
    monkeypatch.undo()
    assert len(hub.ingest().accepted) == 1


@pytest.mark.parametrize(("number", "words"), [(28, "disk is full"), (30, "read-only")])
def test_a_disk_that_cannot_be_written_is_said_in_words(hub, monkeypatch, number, words):
    from orchestration.ingest import accept

    def refuse(*_):
        raise OSError(number, os.strerror(number), "/disk")

    hub.send("visits_1.csv", text(rows(1)))
    monkeypatch.setattr(accept.Path, "rename", refuse)
    with pytest.raises(IngestFailed, match=words):
        hub.ingest()
    monkeypatch.undo()
    assert len(hub.ingest().accepted) == 1


def test_two_at_once(hub):
    hub.send("visits_1.csv", text(rows(1)))
    with ledger.staging(hub.settings), pytest.raises(IngestBusy, match="another process"):
        hub.ingest()
    assert len(hub.ingest().accepted) == 1


def test_a_wrong_contract_stops_before_anything_is_touched(hub):
    hub.send("visits_1.csv", text(rows(1)))
    hub.contract(CONTRACT.replace("pattern:", "patern:"))
    with pytest.raises(ContractsError):
        hub.ingest()
    assert not hub.settings.lake.exists()


# --- What the partner is told, and what nobody is ---------------------------------------------------------------------


def test_the_report_can_be_acted_on_and_identifies_nobody(hub):
    records = rows(30)
    for record in records[:25]:
        record["NHS No"] = "943 476 5918"
    records[3]["Beds"] = "ten"
    records[5]["Born"] = "1890-05-17"
    records[6]["Status"] = "|X|<b>`"
    outcome = hub.take(text(records))
    report = hub.report(outcome)
    assert report.startswith(
        "# The Clinic: visits\\_1.csv\n\n**The file was taken: 29 of 30 records accepted.** 1 was held back"
    )
    assert "'Beds' is not a whole number" in report and "| 5 | 4 | Beds | `ten` |" in report
    assert "25 records (83.3% of the file)" in report and "... and 5 more." in report
    assert "`999 999 9999`" in report and "9434765918" not in report and "943 476 5918" not in report
    assert "1890-05-17" not in report and "`9999-99-99`" in report
    assert "`\\|X\\|<b>'`" in report
    for secret in ("Testperson", "SS16 5NL", "9990000018"):
        assert secret not in report


def test_shape_shows_the_form_and_not_the_value():
    assert shape("9.43E+09") == "9.99A+99"
    assert shape("O'Brien-Ó 12") == "A'Aaaaa-A 99"


def test_profiles_and_sidecars_hold_no_value_that_identifies(hub):
    records = rows(40)
    for number, record in enumerate(records):
        record["Status"] = "Testperson" if number % 3 else "A"  # a name in a column of codes
        record["Practice"] = record["Surname"]
    records[7]["Beds"] = "Testperson"
    outcome = hub.take(text(records))
    assert ("accepted", "status") in failed(outcome)
    folder = next(hub.settings.raw.glob("*/*/*"))
    for name in ("batch.json", "profile.parquet"):
        content = (folder / name).read_bytes()
        rendered = (
            content.decode()
            if name.endswith("json")
            else str(duckdb.sql(f"select * from '{folder / name}'").fetchall())
        )
        for secret in ("Testperson", "SS16 5NL", "9990000018", "1950-02-28"):
            assert secret not in rendered
    codes = duckdb.sql(
        f"select item, rows from '{folder / 'profile.parquet'}' where kind = 'code' and column_name = 'status' "
        f"order by item"
    ).fetchall()
    assert codes == [("(other)", 25), ("A", 14)]


def test_the_profile_measures(hub):
    records = rows(10)
    for number, record in enumerate(records):
        record["Beds"] = str(number)
        record["Left"] = "" if number < 4 else record["Left"]
    hub.take(text(records))
    profile = next(hub.settings.raw.glob("*/*/*")) / "profile.parquet"

    def entry(column):
        return duckdb.sql(
            f"select rows, nulls, share, min_value, max_value, q50 from '{profile}' where kind = 'column' and "
            f"column_name = '{column}'"
        ).fetchone()

    assert entry("beds")[:5] == (10, 0, 0.0, "0", "9") and 4 <= entry("beds")[5] <= 5
    assert entry("left_at")[:3] == (10, 4, 0.4)
    assert entry("surname")[3:] == entry("birth_date")[3:] == (None, None, None)


# --- A new feed is YAML -----------------------------------------------------------------------------------------------

DENTIST = """
version: 2
sources:
- name: dentist
  description: A dentist.
  config:
    meta: {title: The Dentist, organisation: RDD, steward: tooth_steward, agreement: ISA-777, system: Ledger}
  tables:
  - name: teeth
    description: One row per tooth.
    config:
      meta:
        feed: {version: "2.1", dataset: teeth, format: csv, delimiter: ";", pattern: "teeth *.txt", key: [tooth], mode: snapshot, cadence: "0 6 * * 1", reject_batch_above: 0}
    columns:
    - {name: tooth, data_type: varchar, description: Position., config: {meta: {local_name: Tooth, required: true}}}
    - {name: decay_depth, data_type: "decimal(4,2)", description: Depth., config: {meta: {local_name: Depth mm, min: 0}}}
"""  # noqa: E501


def test_a_new_feed_needs_yaml_and_nothing_else(hub):
    hub.contract(DENTIST, "dentist.yml")
    with (hub.seeds / "data_sharing_agreement.csv").open("a") as file:
        file.write("ISA-777,RDD,teeth,secondary_use,signed,2024-01-01,\n")
    hub.send("teeth 2025-01.txt", "Depth mm;Tooth\n1.25;UR1\n;UL8\n", partner="dentist")
    [outcome] = hub.ingest().batches
    assert (outcome.status, outcome.feed, outcome.contract_version) == ("accepted", "dentist.teeth", "2.1")
    from decimal import Decimal

    assert hub.data("tooth, decay_depth", "teeth", "dentist") == [("UR1", Decimal("1.25")), ("UL8", None)]
    assert json.loads((next((hub.settings.raw / "dentist").rglob("batch.json"))).read_text())["agreement"] == "ISA-777"
