"""One size of hub from nothing: demo, first run, both baselines, a further day, a run with nothing new."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.goals import FULL
from benchmarks.sample import Cost, Watched, watch
from orchestration.settings import PROJECT, Settings

DAY_SECONDS = 24 * 3600
RUN_STAGES = ("ingest", "dbt start", "build", "checks", "publish")
Say = Callable[[str], None]


class Failed(Exception):
    """A program of the benchmark failed; the message names its log."""


@dataclass
class Size:
    """What was measured at one size. Costs by stage; bytes and rows as they were after the first run."""

    residents: int
    months: int
    stages: dict[str, Cost] = field(default_factory=dict)
    baselines: dict[str, Cost] = field(default_factory=dict)
    days: dict[str, dict[str, Cost]] = field(default_factory=dict)
    files: dict[str, int] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    bytes: dict[str, int] = field(default_factory=dict)
    checks: int = 0
    unreadable_by_copy: int = 0
    ingest_by_feed: dict[str, Any] = field(default_factory=dict)
    slowest_models: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


class Hub:
    """A home of its own, and how programs are run and watched in it."""

    def __init__(self, home: Path, say: Say):
        self.home, self.say = home, say
        self.settings = Settings(home=home)
        self.log = home.parent / f"{home.name}.log"
        home.mkdir(parents=True, exist_ok=True)

    def environment(self, **more: str) -> Mapping[str, str]:
        outside = {
            key: value
            for key, value in os.environ.items()
            if key == "BIHUB_MEMORY" or not key.startswith(("BIHUB_", "DBT_"))
        }
        return outside | self.settings.environment() | {"PYTHONUTF8": "1", "COLUMNS": "120"} | more

    def call(self, *command: str | Path, **more: str) -> Watched:
        seen = watch(command, env=self.environment(**more), cwd=PROJECT, log=self.log)
        if seen.code:
            raise Failed(f"`{' '.join(map(str, command))}` failed (exit code {seen.code}); what it said: {self.log}")
        return seen

    def work(self, job: str, *words: str | Path) -> tuple[Watched, dict[str, Any]]:
        """Run a job of benchmarks/worker.py; what it cost and what it told."""
        told = self.home.parent / f"{self.home.name}_{job}.json"
        seen = self.call(sys.executable, "-m", "benchmarks.worker", job, *words, told)
        return seen, json.loads(told.read_text())

    def run(self, *flags: str) -> tuple[dict[str, Cost], dict[str, Any]]:
        """`bihub run`: its cost by stage and as a whole."""
        seen, told = self.work("run_hub", *flags)
        return stages_of(seen, told["marks"]), told


def stages_of(seen: Watched, marks: Mapping[str, list[float]]) -> dict[str, Cost]:
    """Cost of each stage. `dbt start` is all of dbt that is neither nodes nor checks: imports, parsing, artefacts.
    `program` is the rest: starting Python, fingerprints, what is kept of the run."""
    found = {name: seen.between(*edges) for name, edges in marks.items()}
    whole = seen.whole
    if "dbt" in found:
        dbt = found.pop("dbt")
        parts = [found[name] for name in ("build", "checks") if name in found]
        before = seen.between(marks["dbt"][0], marks["build"][0] if "build" in marks else marks["dbt"][1])
        found["dbt start"] = _less(dbt, parts, before.peak_bytes)
    stages = {name: found[name] for name in RUN_STAGES if name in found}
    return stages | {"program": _less(whole, list(stages.values()), 0), "whole": whole}


def _less(whole: Cost, parts: list[Cost], peak_bytes: int) -> Cost:
    wall, cpu = sum(part.wall for part in parts), sum(part.cpu for part in parts)
    return Cost(max(0.0, whole.wall - wall), max(0.0, whole.cpu - cpu), peak_bytes)


def measure(size: Size, work: Path, say: Say, *, keep: bool = False) -> None:
    """Everything at one size, written into `size`. The home is removed at the end unless it is to be kept."""
    home = work / f"hub_{size.residents}"
    shutil.rmtree(home, ignore_errors=True)
    hub = Hub(home, say)
    say("demo partners")
    demo = ["demo", "--residents", str(size.residents), "--months", str(size.months), "--out", str(home)]
    size.stages["demo"] = hub.call(sys.executable, "-m", "orchestration.cli", *demo).whole
    held = hold_back(hub.settings)
    size.bytes["landing"] = bytes_below(hub.settings.landing)

    say("first run")
    stages, told = hub.run()
    size.stages |= stages
    size.files["first run"] = told["files"]
    size.rows |= {"in": told["rows_in"], "accepted": told["rows_accepted"]}
    for name in ("lake", "published"):
        size.bytes[name] = bytes_below(getattr(hub.settings, name).resolve())
    size.bytes["warehouse"] = hub.settings.warehouse.stat().st_size
    size.checks = checks_made(hub.settings)

    say("(a) bare copy of the same files")
    scratch = work / f"bare_{size.residents}"
    shutil.rmtree(scratch, ignore_errors=True)
    seen, told = hub.work("bare_copy", hub.settings.landing, scratch)
    shutil.rmtree(scratch, ignore_errors=True)
    size.baselines["copy"] = seen.between(*told["marks"]["all"])
    size.rows["copied"] = sum(feed["rows"] for feed in told["feeds"].values())
    size.unreadable_by_copy = sum(len(feed.pop("unreadable")) for feed in told["feeds"].values())
    size.ingest_by_feed = told["feeds"]

    say("(b) the same SQL in one DuckDB process")
    seen, told = hub.work("bare_sql", scratch)
    size.baselines["sql"] = seen.between(*told["marks"]["all"])
    size.rows["built"] = told["rows"]
    slowest = sorted(told["models"].items(), key=lambda item: -item[1][0])
    size.slowest_models = dict(slowest[:15])

    # What the goals ask for first: whoever stops the benchmark early has it.
    for name in ("a day", FULL, "nothing new", "a month's practice list"):
        if name in ("a day", "a month's practice list") and name not in held:
            continue
        say(name)
        let_land(hub.settings, held.get(name, {}))
        stages, told = hub.run(*(["--full"] if name == FULL else []))
        size.days[name], size.files[name], size.rows[name] = stages, told["files"], told["rows_in"]
    if not keep:
        shutil.rmtree(home, ignore_errors=True)


def hold_back(settings: Settings) -> dict[str, dict[str, str]]:
    """Take the files of the last 24 hours out of landing: those of any day, and the monthly ones. {step: {from: to}}.

    The demo's database is not asked: it holds the last day already, and its extracts are among the files.
    """
    from orchestration.contracts import load_contracts
    from orchestration.ingest.discover import discover

    settings.connections.unlink(missing_ok=True)
    found, _, _ = discover(settings.landing, load_contracts().values(), settle=0.0)
    newest = max(file.path.stat().st_mtime for file in found)
    away = settings.home / "held_back"
    steps: dict[str, dict[str, str]] = {"a day": {}, "a month's practice list": {}}
    for file in found:
        if file.path.stat().st_mtime > newest - DAY_SECONDS:
            is_monthly = file.contract.cadence.split()[2] != "*"
            kept = away / file.path.relative_to(settings.landing)
            kept.parent.mkdir(parents=True, exist_ok=True)
            file.path.rename(kept)
            steps["a month's practice list" if is_monthly else "a day"][str(kept)] = str(file.path)
    return {name: files for name, files in steps.items() if files}


def let_land(settings: Settings, files: Mapping[str, str]) -> None:
    for kept, landed in files.items():
        Path(kept).rename(landed)


def bytes_below(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def checks_made(settings: Settings) -> int:
    import duckdb

    with duckdb.connect(str(settings.warehouse), read_only=True) as warehouse:
        return warehouse.execute("select count(*) from hub.check_result").fetchone()[0]


def starts(hub: Hub) -> dict[str, Cost]:
    """What does not hang on the amount of data: a cold parse, and the Dagster code location with its files made."""
    hub.say("cold dbt parse")
    target = hub.home / "cold_parse"
    shutil.rmtree(target, ignore_errors=True)
    dbt = Path(sys.executable).parent / "dbt"
    parse = [dbt, "--quiet", "parse", "--no-partial-parse", "--project-dir", PROJECT]
    cold = hub.call(*parse, DBT_TARGET_PATH=str(target), DBT_LOG_PATH=str(target)).whole
    hub.say("Dagster code location")
    hub.work("code_location")
    seen, _ = hub.work("code_location")
    return {"cold dbt parse": cold, "code location": seen.whole}
