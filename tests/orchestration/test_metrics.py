"""The metric framework: one file is one metric, whatever the rest; and a hub without a single file still builds."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from conftest import bihub

from orchestration.settings import PROJECT, Settings, load_settings

NEW_METRIC = """{{ config(meta={'metric': {
    'id': 'AMB_ALL_P90', 'label': 'Ambulance response, all categories, 90th centile', 'unit': 'seconds',
    'better': 'lower', 'aggregate': 'p90', 'dataset': 'ambsys',
    'definition': 'A metric that only a test knows.', 'source': 'F 3.2 none',
    'no_target': 'A test sets no standard.',
}}) }}
-- One row per counted incident with a response time.
select
    call_date as event_date,
    organisation_code,
    cast(null as varchar) as site_code,
    is_covid,
    response_seconds as numerator,
    1 as denominator
from {{ ref('fct_ambulance_incident') }}
where is_counted and response_seconds is not null
"""
SPELLS = {f"mseft.{site}_spells" for site in ("basildon", "broomfield", "southend")}
FEEDS = {
    "AMB": {"eeast.incidents"},
    "HAND": {"eeast.incidents"},
    "ED": {f"mseft.{site}_ed_attendances" for site in ("basildon", "broomfield", "southend")},
    "BED": {"mseft.bed_state"},
    "LOS": {"mseft.bed_state"},
    "NEL": SPELLS,
    "DISCH": SPELLS,
    "DRD": SPELLS,
    "U111": {"ic24.calls"},
    "NCTR": {"mseft.no_criteria_to_reside", "mseft.bed_state"},
    "DELAY": {"mseft.no_criteria_to_reside"} | {f"{sender}.inpatient_stays" for sender in ("eput", "nelft", "provide")},
    "COMM": {f"{sender}.ward_beds" for sender in ("eput", "nelft", "provide")},
    "CH": {f"{council}.care_homes" for council in ("essex", "southend", "thurrock")},
    "POC": {"essex.packages_awaited", "southend.brokerage_journal", "thurrock.packages_awaited"},
}


class Copy:
    """A copy of the dbt project, with a home of its own."""

    def __init__(self, folder: Path):
        self.project = folder / "project"
        self.home = folder / "home"
        (self.home / "warehouse").mkdir(parents=True)
        for part in ("models", "macros", "seeds", "tests/dbt"):
            shutil.copytree(PROJECT / part, self.project / part)
        for file in ("dbt_project.yml", "profiles.yml"):
            shutil.copy(PROJECT / file, self.project / file)

    def dbt(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("BIHUB_", "DBT_"))}
        environment |= {"BIHUB_HOME": str(self.home), "PYTHONPATH": str(PROJECT)}
        return subprocess.run(
            [str(Path(sys.executable).parent / "dbt"), "--no-use-colors", *arguments, "--profiles-dir", "."],
            cwd=self.project, env=environment, text=True, capture_output=True, check=False,
        )  # fmt: skip

    def rows(self, query: str) -> list[tuple]:
        with duckdb.connect(str(self.home / "warehouse" / "bihub.duckdb"), read_only=True) as warehouse:
            return warehouse.execute(query).fetchall()

    def metric_file(self, name: str) -> Path:
        return self.project / "models" / "marts" / "uec" / "metrics" / name


def test_one_new_file_is_one_new_metric(built_hub: Settings, tmp_path: Path) -> None:
    copy = Copy(tmp_path)
    shutil.copy(built_hub.warehouse, copy.home / "warehouse" / "bihub.duckdb")
    context = built_hub.warehouse.parent / "run_context.json"
    if context.exists():
        shutil.copy(context, copy.home / "warehouse")
    before = copy.rows("select * from uec.uec_metric order by all")
    as_of = copy.rows("select as_of from hub.run_context")
    copy.metric_file("amb_all_p90.sql").write_text(NEW_METRIC)

    done = copy.dbt("run", "--select", "uec_metric", "dim_metric", "dq_feed", "amb_all_p90")

    assert done.returncode == 0, done.stdout
    assert copy.rows("select as_of from hub.run_context") == as_of
    assert copy.rows("select * from uec.uec_metric where metric_id <> 'AMB_ALL_P90' order by all") == before
    events = copy.rows(
        "select response_seconds from uec.fct_ambulance_incident where is_counted and response_seconds is not null "
        "and call_date = (select max(call_date) from uec.fct_ambulance_incident "
        "where is_counted and response_seconds is not null) "
        "order by 1"
    )
    newest = copy.rows(
        "select denominator, value from uec.uec_metric where metric_id = 'AMB_ALL_P90' and period_grain = 'day' "
        "and covid_group = 'all' order by period_start desc limit 1"
    )
    rank = -(-len(events) * 9 // 10)
    assert newest == [(len(events), events[rank - 1][0])]
    assert copy.rows("select label, feeds from uec.dim_metric where metric_id = 'AMB_ALL_P90'") == [
        ("Ambulance response, all categories, 90th centile", "eeast.incidents")
    ]
    assert copy.rows("select metrics like '%AMB_ALL_P90%' from quality.dq_feed where partner = 'eeast'") == [(True,)]

    copy.metric_file("amb_all_p90.sql").write_text(NEW_METRIC.replace("'unit': 'seconds',", ""))
    broken = copy.dbt("run", "--select", "uec_metric")
    assert broken.returncode != 0
    assert "metrics/amb_all_p90.sql: the metric has no 'unit'" in broken.stdout
    assert copy.rows("select 1 from uec.uec_metric where metric_id = 'AMB_ALL_P90'"), "the last good table stays"


def test_a_hub_without_any_file_builds(tmp_path: Path) -> None:
    bihub(tmp_path, "build")

    with duckdb.connect(str(load_settings(home=tmp_path).warehouse), read_only=True) as warehouse:
        assert warehouse.sql("select count(*) from uec.uec_metric").fetchall() == [(0,)]
        assert warehouse.sql("select distinct status from quality.dq_feed").fetchall() == [("missing",)]
        metrics = [(path.stem.upper(),) for path in sorted((PROJECT / "models/marts/uec/metrics").glob("*.sql"))]
        assert warehouse.sql("select metric_id from uec.dim_metric order by 1").fetchall() == metrics
        assert warehouse.sql("from hub.check_result where status not in ('pass', 'warn')").fetchall() == []


def test_the_metrics_own_words_do_not_reach_the_model_that_reads_them(built_hub: Settings) -> None:
    """A metric file calls config(); rendered inside uec_metric it must say nothing there."""
    manifest = json.loads((built_hub.dbt_target / "manifest.json").read_text())
    for name in ("uec_metric", "dim_metric"):
        config = manifest["nodes"][f"model.bihub.{name}"]["config"]
        assert (config["materialized"], config["access"], config["contract"]["enforced"]) == ("table", "public", True)
        assert "metric" not in config["meta"]


@pytest.mark.parametrize("family", sorted(FEEDS))
def test_lineage_names_the_feeds_without_which_a_metric_is_missing(built_hub: Settings, family: str) -> None:
    with duckdb.connect(str(built_hub.warehouse), read_only=True) as warehouse:
        found = warehouse.execute(
            "select distinct feeds from uec.dim_metric where metric_id like ? || '\\_%' escape '\\'", [family]
        ).fetchall()
    assert [set(row[0].split(", ")) for row in found] == [FEEDS[family]]


def test_every_family_of_metrics_is_looked_at() -> None:
    files = (PROJECT / "models/marts/uec/metrics").glob("*.sql")
    assert {file.stem.split("_")[0].upper() for file in files} == set(FEEDS)


def test_every_metric_has_figures_in_the_demo(built_hub: Settings) -> None:
    with duckdb.connect(str(built_hub.warehouse), read_only=True) as warehouse:
        without = warehouse.execute(
            "select metric_id from uec.dim_metric where metric_id not in (select metric_id from uec.uec_metric)"
        ).fetchall()
    assert without == []
