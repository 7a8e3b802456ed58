"""A model in Python in our materialisation: made in one transaction with its state, not called when nothing changed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from orchestration.lineage import column_lineage
from orchestration.settings import PROJECT

FILES = {
    "dbt_project.yml": """
name: bihub
profile: tiny
model-paths: [models]
macro-paths: [macros]
on-run-start: ["{{ start() }}"]
flags: {require_explicit_package_overrides_for_builtin_materializations: true, send_anonymous_usage_stats: false}
models: {bihub: {+materialized: table}}
""",
    "profiles.yml": "tiny: {target: t, outputs: {t: {type: duckdb, path: tiny.duckdb}}}\n",
    "macros/start.sql": "{% macro start() %}{% if execute %}{% do run_query('create schema if not exists hub') %}"
    "{% do create_table_state() %}{% endif %}{% endmacro %}",
    "models/numbers.sql": "select n from (values (1), (2), (3), (4)) as t (n) where n <= {{ var('until', 3) }}",
    "models/summed.py": """
def model(dbt, session):
    rows = dbt.ref("numbers").fetchnumpy()["n"]
    with open("calls", "a") as calls:
        calls.write("called ")
    import KIND
    return KIND
""",
    "models/reader.sql": "select total * 2 as twice from {{ ref('summed') }}",
}
RUNS = """
import json, sys
from dbt.cli.main import dbtRunner
for words in json.loads(sys.argv[1]):
    print(dbtRunner().invoke(["--quiet", "run", *words]).success)
"""


@pytest.fixture
def tiny(tmp_path: Path):
    def run(kind: str, returned: str, *runs: list[str]) -> tuple[list[str], str]:
        """Whether each run succeeded, and the calls of the model."""
        for part in ("incremental", "checks", "portable"):
            shutil.copytree(PROJECT / "macros" / part, tmp_path / "macros" / part)
        for name, text in FILES.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text.replace("import KIND", f"import {kind}").replace("return KIND", f"return {returned}"))
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("BIHUB_", "DBT_"))}
        done = subprocess.run(
            [sys.executable, "-c", RUNS, json.dumps(runs)],
            cwd=tmp_path, env=environment, text=True, capture_output=True, check=False,
        )  # fmt: skip
        said = [line for line in done.stdout.splitlines() if line in ("True", "False")]
        assert len(said) == len(runs) and said[0] == "True", done.stdout + done.stderr
        return said, (tmp_path / "calls").read_text()

    return run


def rows(folder: Path, query: str) -> list[tuple]:
    with duckdb.connect(str(folder / "tiny.duckdb"), read_only=True) as warehouse:
        return warehouse.execute(query).fetchall()


def test_it_is_called_only_when_what_it_reads_changed(tiny, tmp_path) -> None:
    returned = 'pyarrow.table({"total": [int(rows.sum())]})'
    said, calls = tiny(
        "pyarrow", returned, [], [], ["--vars", "{until: 4}"], ["--full-refresh", "--vars", "{until: 4}"]
    )
    assert said == ["True"] * 4
    assert calls.split() == ["called"] * 3, "the second run had nothing to do"
    assert rows(tmp_path, "select twice from main.reader") == [(20,)]
    assert rows(tmp_path, "select outcome from hub.table_state where table_name = 'main.summed'") == [("whole",)]


def test_where_it_fails_table_and_state_stay_as_they_were(tiny, tmp_path) -> None:
    returned = 'pandas.DataFrame({"total": [rows.sum() if len(rows) < 4 else 1 / 0]})'
    said, calls = tiny("pandas", returned, [], ["--vars", "{until: 4}"], ["--vars", "{until: 3}"])
    assert said == ["True", "False", "True"] and len(calls.split()) == 2
    assert rows(tmp_path, "select total from main.summed") == [(6,)]


def test_its_lineage_is_what_it_says_and_nothing_is_assumed() -> None:
    def node(name: str, columns: dict, **more) -> dict:
        described = {column: {"name": column, "config": {"meta": meta}} for column, meta in columns.items()}
        shared = {
            "resource_type": "model",
            "schema": "derived",
            "alias": name,
            "name": name,
            "fqn": ["p", "derived", name],
        }
        return {**shared, "columns": described, "config": {}, "depends_on": {"nodes": [], "macros": []}, **more}

    says = {"comes_from": ["training.smoker"]}
    columns = {"weight": says, "term": {"comes_from": []}, "silent": {}, "wrong": {"comes_from": ["training.unknown"]}}
    read = {"nodes": ["model.p.training"], "macros": []}
    manifest = {
        "metadata": {"adapter_type": "duckdb"},
        "sources": {},
        "nodes": {
            "model.p.training": node("training", {}, compiled_code="select 1 as smoker, 'x' as person_id"),
            "model.p.learnt": node("learnt", columns, compiled_code="def model", language="python", depends_on=read),
            "model.p.score": node(
                "score",
                {},
                compiled_code="select weight * 2 as twice from derived.learnt",
                depends_on={"nodes": ["model.p.learnt"], "macros": []},
            ),
        },
    }
    lineage = column_lineage(manifest, {})
    assert lineage.upstream("model.p.learnt", "weight") == [("model.p.training", "smoker")]
    assert lineage.upstream("model.p.score", "twice") == [("model.p.learnt", "weight")]
    assert [(node_id, column) for node_id, column, _ in lineage.unresolved] == [
        ("model.p.learnt", "silent"),
        ("model.p.learnt", "wrong"),
    ]
