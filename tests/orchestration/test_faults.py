"""Damage, full disks, wrong clocks, two at once: a clear message each, and a hub that goes on (dbt is played here;
tests/torture does the same to real runs)."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pytest

import orchestration.ingest
from orchestration import cli, pipeline, warehouse
from orchestration.files import CannotWrite, Damaged, read_json
from orchestration.ingest import IngestResult, ledger
from orchestration.publish import live_set
from orchestration.repair import WarehouseInUse, warehouse_damage
from orchestration.settings import Settings
from orchestration.warehouse import BuildFailed, BuildResult

MART = "secondary_use/uec/uec_metric.parquet"
TABLE = "create or replace table uec.uec_metric as select range as value, hash(range) as noise from range(50000)"


def accept(settings: Settings, batch: str, received_at: str) -> None:
    folder = settings.raw / "eeast/incidents" / f"batch={batch}"
    folder.mkdir(parents=True)
    (folder / "batch.json").write_text(json.dumps({"batch_id": batch, "received_at": received_at}))


class Stage:
    """A hub whose files were taken in already and whose dbt takes a moment; `broken` makes the next build fail."""

    def __init__(self, home: Path):
        self.settings, self.builds, self.broken = Settings(home=home), 0, None
        accept(self.settings, "a", "2026-10-01 06:30:00")

    def build(self, settings: Settings, progress=None, **_) -> BuildResult:
        self.builds += 1
        if self.broken:
            raise self.broken
        settings.warehouse.parent.mkdir(parents=True, exist_ok=True)
        as_of = read_json(settings.run_context)["as_of"]
        with duckdb.connect(str(settings.warehouse)) as database:
            for sql in (
                "create schema if not exists uec",
                "create schema if not exists hub",
                f"create or replace table hub.run_context as select timestamp '{as_of}' as as_of",
                "create or replace table hub.check_result "
                "(check_name varchar, table_name varchar, rows_failed bigint, status varchar)",
                "create table if not exists hub.table_state (table_name varchar, definition varchar, content varchar)",
                "create table if not exists hub.source_state (source_name varchar, tag varchar)",
            ):
                database.execute(sql)
            known = database.execute("select count(*) from duckdb_tables() where table_name = 'uec_metric'").fetchone()
            if known == (0,):  # as an incremental build does: what is there is not read again
                database.execute(TABLE)
        config = {"access": "public", "meta": {}}
        node = {"resource_type": "model", "fqn": ["bihub", "marts", "uec", "uec_metric"], "schema": "uec",
                "name": "uec_metric", "alias": "uec_metric", "config": config}  # fmt: skip
        settings.dbt_target.mkdir(parents=True, exist_ok=True)
        (settings.dbt_target / "manifest.json").write_text(json.dumps({"nodes": {"model.bihub.uec_metric": node}}))
        return BuildResult(nodes=1)

    def run(self, **more) -> pipeline.RunResult:
        return pipeline.run(self.settings, **more)

    def shown(self) -> bytes:
        return (self.settings.published / MART).read_bytes()


@pytest.fixture
def hub(tmp_path, monkeypatch) -> Stage:
    stage = Stage(tmp_path / "hub")
    monkeypatch.setattr(orchestration.ingest, "ingest", lambda *a, **k: IngestResult())
    monkeypatch.setattr(pipeline, "build", stage.build)
    monkeypatch.setattr(pipeline, "code_fingerprint", lambda: "rules")
    monkeypatch.setattr(pipeline, "add_pages", lambda settings, folder, warnings: None)
    monkeypatch.setattr(pipeline, "refuse_identity", lambda *_: None)  # its one table has no SQL
    assert stage.run().warnings == []
    return stage


# --- The warehouse ---------------------------------------------------------------------------------------------------


def garbage(path: Path) -> None:
    path.write_bytes(os.urandom(50_000))


def garbage_behind_the_header(path: Path) -> None:
    """DuckDB names the block that does not fit, which has nothing to do with a lock."""
    with path.open("r+b") as file:
        file.seek(12_288)
        file.write(os.urandom(path.stat().st_size - 12_288))


WAREHOUSE = {
    "gone": Path.unlink,
    "empty": lambda path: os.truncate(path, 0),
    "cut in half": lambda path: os.truncate(path, path.stat().st_size // 2),
    "cut in its header": lambda path: os.truncate(path, 5_000),
    "garbage": garbage,
    "garbage behind its header": garbage_behind_the_header,
    "another database": lambda path: (path.unlink(), duckdb.connect(str(path)).close()),
}


@pytest.mark.parametrize(
    ("damage", "news"), [*((damage, False) for damage in WAREHOUSE), ("gone", True), ("cut in half", True)]
)
def test_a_warehouse_that_is_gone_or_damaged_is_made_again(hub, damage, news):
    shown = hub.shown()
    WAREHOUSE[damage](hub.settings.warehouse)
    if news:
        accept(hub.settings, "b", "2026-10-02 06:30:00")
    result = hub.run()
    assert [line for line in result.warnings if line.endswith("it was made again from the lake")] == result.warnings
    assert len(result.warnings) == 1 and hub.builds == 2
    assert hub.shown() == shown
    assert (hub.run().warnings, hub.builds) == ([], 2)


def test_a_damaged_block_is_found_by_whoever_reads_it(hub):
    shown, file = hub.shown(), hub.settings.warehouse
    blocks = file.stat().st_size // 262_144
    with file.open("r+b") as block_file:
        for block in range(blocks - 1):
            block_file.seek(12_288 + block * 262_144 + 1_000)
            if block_file.read(8) != bytes(8):
                block_file.seek(-8, os.SEEK_CUR)
                block_file.write(b"damaged!")
    accept(hub.settings, "b", "2026-10-02 06:30:00")
    result = hub.run()
    assert result.warnings == ["the warehouse file was damaged: it was made again from the lake"]
    assert hub.shown() == shown and live_set(hub.settings)["version"] == result.published.version


def test_a_warehouse_that_shrank_or_was_left_by_a_dead_process_is_not_damaged(hub):
    big = "create table big as select random() as noise from range(600000)"
    for sql in (f"{big}; checkpoint; drop table big; checkpoint", f"begin; {big}", big, "delete from big"):
        die = f"c = duckdb.connect({str(hub.settings.warehouse)!r}); c.execute({sql!r}); os.kill(os.getpid(), 9)"
        subprocess.run([sys.executable, "-c", f"import duckdb, os; {die}"], check=False)
        assert warehouse_damage(hub.settings) is None, sql


def test_damage_that_stays_is_an_error_and_not_a_circle(hub):
    accept(hub.settings, "b", "2026-10-02 06:30:00")
    hub.broken = BuildFailed(["person: Corrupt database file: computed checksum 1 does not match"])
    with pytest.raises(BuildFailed):
        hub.run()
    assert hub.builds == 3 and live_set(hub.settings)["as_of"] == "2026-10-01 06:30:00"


def test_a_warehouse_that_somebody_has_open_is_named_with_the_process(hub):
    holder = f"import duckdb, sys; c = duckdb.connect({str(hub.settings.warehouse)!r}); print(1, flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", holder], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        accept(hub.settings, "b", "2026-10-02 06:30:00")
        with pytest.raises(WarehouseInUse, match=f"process {process.pid}.*close it"):
            hub.run()
        process.communicate(b"\n")
    assert hub.run().warnings == []


# --- The published set -----------------------------------------------------------------------------------------------


def broken_link(published: Path) -> None:
    shutil.rmtree(published.resolve())


def a_copy_in_its_place(published: Path) -> None:
    real = published.resolve()
    published.unlink()
    shutil.copytree(real, published)
    (published / MART).unlink()


PUBLISHED = {
    "link gone": (Path.unlink, None),
    "link leads nowhere": (broken_link, "manifest.json is missing"),
    "no manifest": (lambda path: (path / "manifest.json").unlink(), "manifest.json is missing"),
    "manifest cut": (lambda path: os.truncate(path / "manifest.json", 40), "manifest.json is damaged"),
    "manifest is a list": (lambda path: (path / "manifest.json").write_text("[]"), "manifest.json is damaged"),
    "table gone": (lambda path: (path / MART).unlink(), "uec_metric.parquet is missing"),
    "table cut": (lambda path: os.truncate(path / MART, 99), f"{MART} is not as it was written"),
    "a copy in its place": (a_copy_in_its_place, "uec_metric.parquet is missing"),
}


@pytest.mark.parametrize("damage", PUBLISHED)
def test_a_damaged_published_set_is_published_again(hub, damage):
    shown, before = hub.shown(), live_set(hub.settings)
    harm, words = PUBLISHED[damage]
    harm(hub.settings.published)
    assert live_set(hub.settings) is None
    result = hub.run()
    assert result.warnings == ([f"the published set was damaged ({words}): it was published again"] if words else [])
    assert hub.shown() == shown and live_set(hub.settings) == before
    assert hub.settings.published.is_symlink()
    assert hub.run().published is None


def test_a_past_moment_stays_the_past_where_the_live_set_is_damaged(hub):
    accept(hub.settings, "b", "2026-10-02 06:30:00")
    hub.run()
    (hub.settings.published / "manifest.json").write_text("{")
    assert hub.run(as_of="2026-10-01 06:30:00").is_past
    assert live_set(hub.settings) is None, "the live set is mended by a run of its own moment"
    hub.run()
    assert live_set(hub.settings)["as_of"] == "2026-10-02 06:30:00"


def test_what_a_killed_run_left_of_a_set_is_tidied_up(hub):
    dead = hub.settings.publish_versions / ".2026-10-01T063000-abc.4711.tmp" / "secondary_use"
    dead.mkdir(parents=True)
    (hub.settings.home / ".published.4711.tmp").symlink_to("publish_versions/gone")
    accept(hub.settings, "b", "2026-10-02 06:30:00")
    hub.run()
    assert not list(hub.settings.publish_versions.glob(".*")) and not list(hub.settings.home.glob(".published*"))


# --- dbt's parsed project --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("result", [None, SimpleNamespace(results=[])], ids=["does not parse", "parses"])
def test_a_parsed_project_is_taken_again_only_for_the_rules_that_it_came_from(tmp_path, monkeypatch, result):
    settings, handed = Settings(home=tmp_path), []

    class Runner:
        def __init__(self, manifest, callbacks):
            handed.append(manifest)

        def invoke(self, _):
            return SimpleNamespace(
                result=result, success=result is not None, exception=ValueError("a brace is missing")
            )

    monkeypatch.setitem(sys.modules, "dbt.cli.main", SimpleNamespace(dbtRunner=Runner))
    monkeypatch.setattr(warehouse, "_close_connections", lambda: None)
    monkeypatch.setattr(warehouse, "code_fingerprint", lambda: "changed rules")
    settings.dbt_target.mkdir(parents=True)
    (settings.dbt_target / "partial_parse.msgpack").write_bytes(b"the project as it was before")
    (settings.dbt_target / "parsed_under.json").write_text("{")
    settings.warehouse.parent.mkdir()
    with duckdb.connect(str(settings.warehouse)) as database:
        database.execute("create schema hub")
    if result is None:
        with pytest.raises(BuildFailed, match="a brace"):
            warehouse.run_dbt(settings, ["build"])
    else:
        warehouse.run_dbt(settings, ["build"])
    assert warehouse.follows_rules(settings, "changed rules") is (result is not None)
    assert warehouse.parsed_before(settings, "changed rules") is None, "what dbt cannot read, it parses again"
    assert handed == [None]


def test_a_project_that_was_moved_is_parsed_again(tmp_path, monkeypatch):
    """dbt's parsed project names seeds by where they lay."""
    settings, parsed = Settings(home=tmp_path), []

    class Runner:
        def __init__(self, manifest, callbacks):
            self.file = settings.dbt_target / "partial_parse.msgpack"

        def invoke(self, _):
            parsed.append(self.file.exists())
            self.file.write_bytes(b"parsed")
            return SimpleNamespace(result=SimpleNamespace(results=[]), success=True, exception=None)

    monkeypatch.setitem(sys.modules, "dbt.cli.main", SimpleNamespace(dbtRunner=Runner))
    monkeypatch.setattr(warehouse, "_close_connections", lambda: None)
    for project in ("here", "here", "there", "there"):
        monkeypatch.setattr(warehouse, "PROJECT", tmp_path / project)
        monkeypatch.setattr(warehouse, "code_fingerprint", lambda: "rules")
        warehouse.run_dbt(settings, ["parse"])
    assert parsed == [False, True, False, True]


# --- Notes, clocks, locks --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("said", ["", "{", '{"as_of": "yest', "[]", "{}"])
def test_a_damaged_note_of_the_last_run_opens_no_past(hub, said):
    (hub.settings.audit / "last_run.json").write_text(said)
    assert ledger.high_water_mark(hub.settings) == datetime(2026, 10, 1, 6, 30)
    words = ["audit/last_run.json was damaged: the moment of the last run was read from the published set"]
    assert hub.run().warnings == ([] if said in ("[]", "{}") else words)
    assert read_json(hub.settings.audit / "last_run.json")["as_of"] == "2026-10-01 06:30:00"


def test_a_damaged_sidecar_is_named(hub):
    sidecar = hub.settings.raw / "eeast/incidents/batch=a/batch.json"
    sidecar.write_text('{"batch_id": "a", "rec')
    with pytest.raises(Damaged, match=r"batch=a/batch.json is damaged: restore it"):
        hub.run()
    assert live_set(hub.settings)


def test_a_clock_that_was_moved_back_is_said_and_opens_no_past(hub, monkeypatch):
    for hours, warns in ((1, False), (30 * 24, True)):
        now = datetime(2026, 10, 1, 7 - hours) if hours < 7 else datetime(2026, 9, 1, 7)
        monkeypatch.setattr(ledger, "local_now", lambda now=now: now)
        warnings = hub.run().warnings
        assert bool(warnings) is warns
    assert "clock says 2026-09-01 07:00, earlier than files received before (2026-10-01 06:30:00)" in warnings[0]
    mark = ledger.high_water_mark(hub.settings)
    for arrived in (datetime(2026, 9, 1, 6), datetime(2026, 10, 5)):
        assert ledger.received_at(int(arrived.timestamp() * 1e9), now, mark) == datetime(2026, 10, 1, 6, 30, 1)


def test_two_at_once_and_a_lock_that_a_dead_run_left(hub, capsys):
    home = ["--home", str(hub.settings.home)]
    (hub.settings.home / "run.lock").write_text("4711")
    assert hub.run().warnings == []
    with pipeline.only_one(hub.settings):
        assert cli.main(["run", *home]) == 1
    assert "another run is at work" in capsys.readouterr().err


# --- Disks -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("step", "number"),
    [
        *((step, errno.ENOSPC) for step in ("build", "dbt", "dbt itself", "pages", "copy", "swap", "last_run")),
        *(("lock", number) for number in (errno.EROFS, errno.EACCES)),
        ("copy", errno.EROFS),
    ],
)
def test_a_disk_that_cannot_be_written_is_told_and_the_last_set_stays(hub, monkeypatch, step, number):
    shown, message = hub.shown(), os.strerror(number)
    accept(hub.settings, "b", "2026-10-02 06:30:00")

    def refuse(*_, **__):
        raise OSError(number, message, "/hub/file")

    with monkeypatch.context() as broken:
        if step == "lock":
            broken.setattr("filelock.FileLock.acquire", refuse)
        elif step == "build":
            broken.setattr(pipeline, "build", refuse)
        elif step == "dbt":
            hub.broken = BuildFailed([f'person: Runtime Error IO Error: Could not write file "/hub/x": {message}'])
        elif step == "dbt itself":
            hub.broken = BuildFailed([str(OSError(number, message))])
        elif step == "pages":
            broken.setattr("orchestration.dictionary.build_dictionary", refuse)
            broken.setattr(pipeline, "add_pages", ADD_PAGES)
        elif step == "copy":
            broken.setattr("orchestration.publish._write_tables", refuse)
        elif step == "swap":
            broken.setattr(Path, "symlink_to", refuse)
        else:
            broken.setattr(pipeline, "remember_run", refuse)
        with pytest.raises(CannotWrite, match=r"cannot write .*(make room|choose another home|let this user).*stays"):
            hub.run()
    assert hub.shown() == shown
    assert not list(hub.settings.publish_versions.glob(".*")), "a full disk must get its room back"
    hub.broken = None
    assert hub.run().warnings == []
    assert live_set(hub.settings)["as_of"] == "2026-10-02 06:30:00"


ADD_PAGES = pipeline.add_pages


def test_other_commands_say_what_to_do_with_a_full_disk(hub, monkeypatch, capsys):
    def refuse(*_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/hub/file")

    monkeypatch.setattr("filelock.FileLock.acquire", refuse)
    assert cli.main(["build", "--home", str(hub.settings.home)]) == 1
    assert "The disk is full: make room, then run again." in capsys.readouterr().err
