"""The benchmark itself: what it samples, how it tells stages apart, what it makes of numbers."""

from __future__ import annotations

import os
import sys
from copy import deepcopy
from pathlib import Path

import duckdb
import pytest

from orchestration.settings import PROJECT, Settings

sys.path.insert(0, str(PROJECT))  # benchmarks are no part of the installed package

from benchmarks import flow, goals, report
from benchmarks.bare_copy import bare_copy
from benchmarks.bare_sql import compiled_models, connect
from benchmarks.sample import Cost, Watched, watch
from benchmarks.worker import stages_of_dbt

MB = 10**6
BURN = """
import subprocess, sys, time
child = '''
import time
held, end = bytearray(120_000_000), time.process_time() + 0.3
while time.process_time() < end: pass
time.sleep(0.3)
'''
time.sleep(0.4)
subprocess.run([sys.executable, "-c", child])
"""


@pytest.mark.skipif(not Path("/proc").exists(), reason="only totals are known where there is no /proc")
def test_a_program_is_watched_with_all_that_it_starts(tmp_path: Path) -> None:
    seen = watch([sys.executable, "-c", BURN], env=os.environ, cwd=tmp_path, log=tmp_path / "log")
    early, late = seen.between(seen.begun, seen.begun + 0.35), seen.between(seen.begun + 0.35, seen.ended)
    assert seen.code == 0
    assert late.cpu > 0.25 and late.peak_bytes > 120 * MB
    assert early.cpu < 0.25 and early.peak_bytes < 100 * MB
    assert early.cpu + late.cpu == pytest.approx(seen.whole.cpu, abs=0.02)


def test_a_program_that_fails_is_named_with_its_log(tmp_path: Path) -> None:
    hub = flow.Hub(tmp_path / "home", say=lambda title: None)
    with pytest.raises(flow.Failed, match=r"exit code 3.*home\.log"):
        hub.call(sys.executable, "-c", "print('what happened'); raise SystemExit(3)")
    assert "what happened" in hub.log.read_text()


def test_stages_add_up_to_the_whole_run() -> None:
    samples = [(float(second), second * 1.5, 100 * MB if second < 50 else 300 * MB) for second in range(101)]
    seen = Watched(0, 0.0, 100.0, 150.0, 300 * MB, samples)
    marks = {"ingest": [2, 22], "dbt": [30, 80], "build": [35, 60], "checks": [60, 70], "publish": [80, 98]}
    stages = flow.stages_of(seen, marks)
    assert [round(stages[name].wall) for name in flow.RUN_STAGES] == [20, 15, 25, 10, 18]
    assert stages["ingest"].peak_bytes == 100 * MB and stages["build"].peak_bytes == 300 * MB
    assert stages["dbt start"].cpu == pytest.approx(22.5)
    parts = [cost for name, cost in stages.items() if name != "whole"]
    assert sum(cost.wall for cost in parts) == pytest.approx(stages["whole"].wall)
    assert sum(cost.cpu for cost in parts) == pytest.approx(150)
    assert "build" not in flow.stages_of(seen, {"ingest": [2, 22]})


def test_dbt_tells_nodes_from_its_hook_of_checks() -> None:
    def node(name: str, begun: str, ended: str) -> dict:
        return {"unique_id": name, "timing": [{"started_at": f"2026-11-22T10:00:{begun}Z",
                                               "completed_at": f"2026-11-22T10:00:{ended}Z"}]}  # fmt: skip

    marks = stages_of_dbt({"results": [
        node("operation.bihub.bihub-on-run-start-0", "01", "02"), node("model.bihub.b", "03.5", "05"),
        node("seed.bihub.a", "03", "04"), node("operation.bihub.bihub-on-run-end-0", "06", "09"),
        {"unique_id": "model.bihub.skipped", "timing": []},
    ]})  # fmt: skip
    lengths = {stage: ended - begun for stage, (begun, ended) in marks.items()}
    assert lengths == {"build": pytest.approx(2), "checks": pytest.approx(3)}


def test_the_last_day_is_held_back_and_lands_again(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    newest = 1_790_000_000
    ages = {"eeast/incidents_20261001.csv": 40, "mseft/SUH_EDATT_20261031.csv": 2, "unknown/note.txt": 1,
            "primary_care/gp_registrations_20261101.csv": 3, "ic24/iuc_calls_20261101_06.jsonl": 0}  # fmt: skip
    for name, hours in ages.items():
        path = settings.landing / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
        os.utime(path, (newest - hours * 3600,) * 2)
    held = flow.hold_back(settings)
    assert {name: len(files) for name, files in held.items()} == {"a day": 2, "a month's practice list": 1}
    left = {str(path.relative_to(settings.landing)) for path in settings.landing.rglob("*") if path.is_file()}
    assert left == {"eeast/incidents_20261001.csv", "unknown/note.txt"}
    for files in held.values():
        flow.let_land(settings, files)
    assert all((settings.landing / name).stat().st_mtime == newest - hours * 3600 for name, hours in ages.items())


def cost(wall: float, peak: int = 0) -> dict:
    return {"wall": wall, "cpu": wall * 2, "peak_bytes": peak}


def measured(residents: int, seconds: float, rows: int) -> dict:
    stages = {"demo": 50, "ingest": 3, "dbt start": 4, "build": seconds, "checks": 5, "publish": 2, "whole": 20}
    return {
        "residents": residents, "months": 24,
        "stages": {name: cost(wall, 11 * goals.GB) for name, wall in stages.items()},
        "baselines": {"copy": cost(2), "sql": cost(8)}, "checks": 1000, "files": {"first run": 900},
        "rows": {"in": rows, "built": 2 * rows, "accepted": rows, "copied": rows},
        "bytes": dict.fromkeys(("landing", "lake", "warehouse", "published"), MB),
        "days": {"a day": {"whole": cost(1.9), "build": cost(0.38)}},
    }  # fmt: skip


@pytest.fixture
def result() -> dict:
    machine = {"cpus": 2, "memory_gib": 24, "system": "Linux", "python": "3.11", "duckdb": "1.5"}
    return {
        "made_at": "2026-11-22T14:00:00+00:00", "commit": "abc", "machine": machine,
        "sizes": [measured(20_000, 10, 300_000), measured(200_000, 10, 4_500_000), measured(1_200_000, 66, 18_000_000)],
        "starts": {"cold dbt parse": cost(11), "code location": cost(4)},
    }  # fmt: skip


def test_goals_are_judged(result: dict) -> None:
    found = {(goal.what, goal.size): goal for goal in goals.goals(result)}
    at = "200 k"
    assert found["ingest with all checks / (a)", at].value == 1.5
    assert found["ingest with all checks / (a)", at].reached == "reached"
    assert found["whole flow / ((a) + (b))", at].value == 2.4
    assert found["whole flow / ((a) + (b))", at].reached == "not reached"
    assert found["a check", at].value == 5
    assert found["a day's files / full build", at].value == 10
    assert found["a day's files / full build", at].note.startswith("its build alone 2 %; the run is 10 %")
    assert found["10.5 million rows built and checked", "10.5 M rows"].value == pytest.approx(19 + 56 * 6 / 13.5)
    assert found["growth of time / growth of residents", "20 k to 200 k"].value == 0.1
    assert found["growth of time / growth of residents", "200 k to 1.2 M"].value == pytest.approx(80 / 24 / 6)
    assert found["memory of the whole flow", "1.2 M"].reached == "reached"
    assert found["cold dbt parse", "any"].reached == "not reached"
    # Where everything was built again, with dbt's parse kept, that is the full build.
    result["sizes"][1]["days"][goals.FULL] = {"dbt start": cost(1), "build": cost(10), "checks": cost(4)}
    found = {(goal.what, goal.size): goal for goal in goals.goals(result)}
    assert found["a day's files / full build", at].value == pytest.approx(100 * 1.9 / 15)
    assert found["whole flow / ((a) + (b))", at].note == "2.00 x where dbt had parsed the project before"
    assert found["whole flow / ((a) + (b))", at].value == 2.4
    result["sizes"], result["starts"] = result["sizes"][:1], {}
    assert {goal.reached for goal in goals.goals(result)} == {"not measured"}


def test_the_tables_hold_every_size_and_the_readme_keeps_what_is_around(result: dict, tmp_path: Path) -> None:
    said = report.text(result)
    assert all(size in said for size in ("20 k", "200 k", "1.2 M")) and "(b) bare SQL" in said
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{report.BEGIN}\nwhat was\n{report.END}\nafter\n")
    for _ in range(2):
        report.write_into(readme, report.markdown(result))
    text = readme.read_text()
    assert text.startswith("before\n") and text.endswith("after\n") and "what was" not in text
    assert "| ingest / (a) | 1.50 (CPU 1.50) |" in text and "Not reached: " in text
    readme.write_text("no place for it")
    with pytest.raises(ValueError, match="no markers"):
        report.write_into(readme, report.markdown(result))


def test_the_plot_shows_stages_beside_the_baselines(result: dict) -> None:
    svg = report.plot(deepcopy(result))
    assert svg.startswith("<svg") and all(word in svg for word in ("ingest", "(a) copy", "1.2 M"))


def test_the_bare_copy_reads_what_ingestion_reads(built_hub: Settings, tmp_path: Path) -> None:
    feeds = bare_copy(built_hub.landing, tmp_path, threads=1)
    with duckdb.connect(str(built_hub.warehouse), read_only=True) as warehouse:
        told = warehouse.execute(
            "select partner || '.' || feed_table, sum(rows_in) from hub.batch where status = 'accepted' group by 1"
        ).fetchall()
    rows = dict(told)
    copied = {name: done.rows for name, done in feeds.items()}
    # It takes rejected files too where it can read them, and now and then its guess of a small file fails.
    assert set(rows) == set(copied) and all(copied[name] >= 0.9 * rows[name] for name in rows)
    assert sum(copied.values()) == pytest.approx(sum(rows.values()), rel=0.01)


def test_the_bare_sql_makes_every_model_after_what_it_reads(built_hub: Settings, tmp_path: Path) -> None:
    models = compiled_models(built_hub)
    place = {model["name"]: number for number, model in enumerate(models)}
    assert len(place) > 100 and place["person"] < place["dim_person"]
    assert place["fct_ed_attendance"] < place["uec_metric"] < place["uec_metric_spc"]
    with connect(built_hub, tmp_path / "bihub.duckdb") as connection:
        made = connection.execute("select current_setting('threads'), current_setting('TimeZone')").fetchone()
    assert made == (2, "Europe/London")


def test_costs_add_up() -> None:
    assert Cost(1, 2, 5) + Cost(3, 4, 4) == Cost(4, 6, 5)
