"""A hub that receives files day by day, and the same hub made from scratch to compare with."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from orchestration.files import read_json
from orchestration.ingest.ledger import LONDON
from orchestration.settings import PROJECT, Settings

# What a run makes; dbt/target stays, so that a hub made from scratch in the same home need not be parsed again.
MADE = (
    "lake", "warehouse", "linkage", "published", "publish_versions", "published_from.json", "audit", "reports", "as_of",
)  # fmt: skip
# Pages are no part of manifest.json, the leak scan changes nothing; both are tested elsewhere.
RUN = """
import sys
from orchestration import cli, leaks, pipeline
pipeline.add_pages = lambda settings, folder, warnings: None
leaks.scan_new = lambda settings, folder: leaks.LeakReport()
sys.exit(cli.main(sys.argv[1:]))
"""


class Failed(Exception):
    """A command ended with another code than 0; the text is what it printed."""


class Hub:
    """A home, and the project whose rules it follows."""

    def __init__(self, home: Path, project: Path = PROJECT):
        self.settings, self.project = Settings(home=home), project
        self.home = home

    def bihub(self, *arguments: str) -> str:
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("BIHUB_", "DBT_", "DAGSTER_"))}
        done = subprocess.run(
            [sys.executable, "-c", RUN, *arguments],
            cwd=self.project, env=kept | {"BIHUB_HOME": str(self.home)}, text=True, capture_output=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise Failed(f"bihub {' '.join(arguments)}:\n{done.stdout}\n{done.stderr}")
        return done.stdout

    def run(self, *arguments: str) -> str:
        return self.bihub("run", "--no-judge", *arguments)

    @property
    def manifest(self) -> dict[str, Any]:
        """Version, moment and the SHA-256 of every published file."""
        return read_json(self.settings.published / "manifest.json")

    def outcomes(self) -> dict[str, str]:
        """What the last build did to each table: unchanged, rows or whole."""
        build = read_json(self.settings.dbt_target / "run_results_build.json")["metadata"]["invocation_id"]
        with duckdb.connect(str(self.settings.warehouse), read_only=True) as warehouse:
            return dict(
                warehouse.execute(
                    "select table_name, case when built_in = $1 then outcome else 'unchanged' end from hub.table_state",
                    [build],
                ).fetchall()
            )

    def sidecars(self) -> dict[str, dict[str, Any]]:
        """What the ledger says of each batch, but for how long it took."""
        found = {}
        for path in sorted(self.settings.lake.glob("*/*/*/batch=*/batch.json")):
            said = read_json(path)
            found["/".join(path.parts[-5:-1])] = {key: said[key] for key in said if key != "timings"}
        return found

    def forget(self) -> None:
        """As before the first run: what was received lies in landing, and nothing else is there."""
        for name in MADE:
            _remove(self.home / name)

    def start_from(self, base: Path) -> None:
        """Everything of another home, but for its databases and what dbt has parsed here already."""
        for name in (*MADE, "landing", "keys"):
            _remove(self.home / name)
            if (base / name).exists() or (base / name).is_symlink():
                _copy(base / name, self.home / name)
        if not (self.home / "dbt").exists() and (base / "dbt").exists():
            shutil.copytree(base / "dbt", self.home / "dbt")

    @contextmanager
    def made_at_once(self) -> Iterator[Hub]:
        """This hub as it would be had everything arrived before its first run; afterwards it is as it was.

        Each file bears the time at which the hub received it day by day: what counts at a moment is then the same.
        """
        received = {said["landed_as"]: datetime.fromisoformat(said["received_at"]) for said in self.sidecars().values()}
        times = {}
        for path in (path for path in self.settings.landing.rglob("*") if path.is_file()):
            times[path] = path.stat().st_mtime_ns
            arrived = received.get(path.relative_to(self.settings.landing).as_posix())
            if arrived:
                touch(path, arrived)
        aside = self.home / "aside"
        aside.mkdir()
        _move(self.home, aside)
        try:
            yield self
        finally:
            self.forget()
            _move(aside, self.home)
            aside.rmdir()
            for path, stamp in times.items():
                os.utime(path, ns=(stamp, stamp))

    def assert_equal_to_made_at_once(self, *arguments: str) -> None:
        """Ledger, every table and every published byte are what one run over all files gives."""
        manifest, ledger, tables = self.manifest, self.sidecars(), contents(self.settings.warehouse)
        by_day = self.home / "by_day.duckdb"
        shutil.copy(self.settings.warehouse, by_day)
        with self.made_at_once() as fresh:
            fresh.run(*arguments)
            assert not (odd := ledger_differences(ledger, fresh.sidecars())), f"the ledgers differ: {odd}"
            differing = [name for name, said in contents(fresh.settings.warehouse).items() if tables.get(name) != said]
            assert not differing and len(tables) == len(contents(fresh.settings.warehouse)), (
                f"made day by day, {len(differing)} tables are not what one run gives:\n"
                + "\n".join(told(by_day, fresh.settings.warehouse, name) for name in differing)
            )
            files, others = manifest["files"], fresh.manifest["files"]
            differing = [name for name in {**files, **others} if files.get(name) != others.get(name)]
            assert not differing, f"tables are equal, published files are not: {differing}"
            assert manifest == fresh.manifest
        by_day.unlink()


def ledger_differences(one: dict[str, dict], other: dict[str, dict]) -> dict[str, list[str]]:
    """{batch: what the two ledgers say differently of it}."""
    found = {}
    for batch in {**one, **other}:
        here, there = one.get(batch, {}), other.get(batch, {})
        if differing := [name for name in {**here, **there} if here.get(name) != there.get(name)]:
            found[batch] = differing
    return found


def touch(path: Path, arrived: datetime) -> None:
    moment = arrived.replace(tzinfo=LONDON).timestamp()
    os.utime(path, (moment, moment))


def _remove(path: Path) -> None:
    if path.is_symlink() or path.is_file():
        path.unlink()
    else:
        shutil.rmtree(path, ignore_errors=True)


def _copy(source: Path, destination: Path) -> None:
    if source.is_symlink():
        destination.symlink_to(source.readlink())
    elif source.is_file():
        shutil.copy2(source, destination)
    else:
        shutil.copytree(source, destination)


def _move(source: Path, destination: Path) -> None:
    for name in MADE:
        if (source / name).exists() or (source / name).is_symlink():
            (source / name).rename(destination / name)


# --- What is in a warehouse -------------------------------------------------------------------------------------------


def contents(warehouse: Path) -> dict[str, tuple]:
    """Columns, number of rows and a sum over their hashes, of every table but the hub's own records.

    So is person_change: it tells what one published set after the other said, and one run publishes once.
    """
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        columns = connection.execute(
            "select table_schema || '.' || table_name, list(column_name || ' ' || data_type order by ordinal_position) "
            "from information_schema.columns join information_schema.tables using (table_schema, table_name) "
            "where table_type = 'BASE TABLE' and table_schema not in ('hub', 'changes') "
            "and table_name <> 'person_change' "
            "group by 1 order by 1"
        ).fetchall()
        return {
            name: (said, *connection.execute(f"select count(*), sum(hash(t)) from {name} as t").fetchone())
            for name, said in columns
        }


def told(by_day: Path, at_once: Path, table: str) -> str:
    """How two versions of a table differ: rows and columns, never a value."""
    with duckdb.connect() as connection:
        connection.execute(f"attach '{by_day}' as one (read_only); attach '{at_once}' as other (read_only)")
        try:
            counts = [
                connection.execute(f"select count(*) from (from {a}.{table} except all from {b}.{table})").fetchone()[0]
                for a, b in (("one", "other"), ("other", "one"))
            ]
            columns = [row[0] for row in connection.execute(f"describe one.{table}").fetchall()]
            differing = [
                name
                for name in columns
                if connection.execute(
                    f'select count(*) from (select "{name}" from one.{table} except all select "{name}" '
                    f"from other.{table})"
                ).fetchone()[0]
            ]
        except duckdb.Error as problem:
            return f"{table}: {str(problem).splitlines()[0]}"
    return f"{table}: {counts[0]} rows only day by day, {counts[1]} only at once; columns {differing}"
